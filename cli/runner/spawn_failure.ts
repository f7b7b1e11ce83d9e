import { Fault } from "../../core/fault.ts";

/** What `env`, `timeout` and `docker run` exit with when the command does not start. */
const CANNOT_EXECUTE = 126, NOT_FOUND = 127;

/** The command did not start. */
export class SpawnFailure extends Error {
  readonly exitCode: number;
  readonly fault: Fault;

  constructor(program: string, reason: "not found" | "not executable", cause?: unknown) {
    super("the command did not start");
    const shown = JSON.stringify(program);
    this.exitCode = reason === "not found" ? NOT_FOUND : CANNOT_EXECUTE;
    this.fault = reason === "not found"
      ? new Fault("NOT_FOUND", `there is no command ${shown}`, {
        hint: "check its spelling and PATH; for shell syntax: coffer run -- sh -c '…'",
      })
      : new Fault("DENIED", `the command ${shown} cannot be executed`, {
        hint: "check that it is a program and executable, and that arguments and environment are not too large",
        cause,
      });
  }
}
