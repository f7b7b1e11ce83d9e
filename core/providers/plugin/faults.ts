/** What a plugin's failure is to Coffer. Porter's protocol has no codes: a failure is a text, made for people. */
import { Fault, type FaultCode } from "../../fault.ts";
import type { CallFailure } from "./call_failure.ts";

/** gRPC's codes (google.rpc.Code). */
const UNKNOWN = 2, DEADLINE_EXCEEDED = 4, RESOURCE_EXHAUSTED = 8, INTERNAL = 13, UNAVAILABLE = 14, DATA_LOSS = 15;
const CODES: Readonly<Record<number, FaultCode>> = { 5: "NOT_FOUND", 7: "DENIED", 12: "UNSUPPORTED", 16: "DENIED" };

/**
 * Texts of known plugins and of the libraries below them: Go's and Kubernetes' `not found`, Azure's `SecretNotFound`,
 * HashiCorp's `no secret found at`, Porter's files that are not there. What none of them is may be anything: the vault is
 * away, or the login has run out.
 */
const TEXTS: readonly (readonly [RegExp, FaultCode])[] = [
  [/not implemented$|^unsupported /i, "UNSUPPORTED"],
  [/permission denied|access denied|forbidden|unauthori[sz]ed|\b40[13]\b/i, "DENIED"],
  [/not ?found|no secret found|no such file|does not exist|doesn't exist|there is no/i, "NOT_FOUND"],
];

/** The most of a plugin's text that is passed on. */
const LONGEST_TEXT = 4096;

/** Whether the plugin, and not only this call, has failed. */
export function hasFailed({ code }: CallFailure): boolean {
  return [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE, DATA_LOSS].includes(code);
}

/** Whether the connection may have gone, as when the process has ended. */
export function mayBeBroken({ code }: CallFailure): boolean {
  return code === UNAVAILABLE || code === INTERNAL;
}

/**
 * @param what what to call the plugin: `the plugin azure`
 * @param seconds how long it was waited for
 */
export function callFault(failure: CallFailure, what: string, seconds: number): Fault {
  const { code, message } = failure;
  switch (code) {
    case DEADLINE_EXCEEDED:
      return new Fault("UNAVAILABLE", `${what} did not answer within ${seconds} s`, {
        hint: 'try again, or give it more time: timeout = "60s"',
      });
    case RESOURCE_EXHAUSTED:
      return new Fault("UNAVAILABLE", `${what} answered with more than 16 MiB`, { hint: "look at that secret itself" });
    case DATA_LOSS:
      return new Fault("UNAVAILABLE", `${what} answered with something that is no answer`, {
        hint: "it does not keep to Porter's protocol: install another version of it",
      });
    case UNAVAILABLE:
      return new Fault("UNAVAILABLE", `the connection to ${what} broke`, { hint: "try again" });
  }
  // Verbatim: it is all that there is, and what its users look for.
  const text = message === "" ? `${what} failed and does not say why` : message.slice(0, LONGEST_TEXT);
  const known = code === UNKNOWN ? TEXTS.find(([pattern]) => pattern.test(text))?.[1] : CODES[code];
  return new Fault(known ?? "UNAVAILABLE", text);
}
