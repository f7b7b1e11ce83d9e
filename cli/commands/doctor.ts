import { aeadBackend } from "../../core/crypto/aead.ts";
import { scryptBackend } from "../../core/crypto/scrypt.ts";
import { Fault } from "../../core/fault.ts";
import type { StackName } from "../../core/name.ts";
import { LOG_N } from "../../core/seal/passphrase_slot.ts";
import { LockedStack } from "../../core/stack/locked_stack.ts";
import type { Project } from "../../core/stack/project.ts";
import { command, type CommonFlags, type Context } from "../command.ts";
import { RamFolder } from "../runner/ram_folder.ts";
import { VERSION } from "../version.ts";

/** One finding: `ok`, `note` (worth knowing) or `bad` (wants fixing, with the way to). */
interface Finding {
  readonly check: string;
  readonly state: "ok" | "note" | "bad";
  readonly message: string;
  readonly hint?: string;
}

export const doctor = command<CommonFlags>({
  brief: "Check this installation and the stacks around here",
  details: "Needs no passphrase. Exits with 3 when something wants fixing.",
  examples: ["doctor", "doctor --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const findings = [about(), ...crypto(), await memoryFolder(context), ...environment(context)];
    findings.push(...await stacks(context, flags));
    context.report.data(findings, () => findings.flatMap(show));
    return findings.some(({ state }) => state === "bad") ? 3 : 0;
  },
});

function about(): Finding {
  const { deno, v8 } = Deno.version;
  return { check: "version", state: "ok", message: `coffer ${VERSION}, Deno ${deno}, V8 ${v8}, ${Deno.build.target}` };
}

function crypto(): Finding[] {
  return [
    { check: "aead", state: "ok", message: `XChaCha20-Poly1305 by ${aeadBackend().name}` },
    { check: "scrypt", state: "ok", message: `scrypt by ${scryptBackend().name}` },
  ];
}

async function memoryFolder({ host }: Context): Promise<Finding> {
  try {
    using folder = await RamFolder.make(host);
    return { check: "memory", state: "ok", message: `files for commands and editors go below ${folder.path}` };
  } catch (error) {
    return { ...failed("memory", error), state: "note" };
  }
}

function environment({ host }: Context): Finding[] {
  if (host.env("COFFER_PASSPHRASE") === undefined) return [];
  const message = "COFFER_PASSPHRASE is set: every process of this session can read it";
  return [{
    check: "environment",
    state: "note",
    message,
    hint: "COFFER_PASSPHRASE_FILE (mode 600) is read by coffer only",
  }];
}

async function stacks({ workspace }: Context, flags: CommonFlags): Promise<Finding[]> {
  try {
    const project = await workspace.project();
    const current = workspace.stackName(flags, project);
    const findings = [currentStack(project, current)];
    for (const name of project.stacks()) {
      try {
        const locked = await LockedStack.load(project.store(name));
        const { slot, keys } = locked.header;
        const count = (await locked.list()).length;
        const message = `stack ${name}: ${count} ${count === 1 ? "secret" : "secrets"}, work factor 2^${slot.logN}`;
        findings.push({ check: "stack", state: "ok", message });
        if (slot.logN < LOG_N.default) findings.push(cheap(name, slot.logN));
        if (keys.length > 1) findings.push(unfinished(name));
      } catch (error) {
        findings.push(failed("stack", error));
      }
    }
    return findings;
  } catch (error) {
    if (error instanceof Fault && error.code === "NOT_FOUND") {
      return [{ check: "project", state: "note", message: error.message, hint: error.hint ?? "coffer init" }];
    }
    return [failed("project", error)];
  }
}

/** The one that commands would use may have been removed, or never made, and they all fail then. */
function currentStack(project: Project, name: StackName): Finding {
  try {
    project.store(name);
    return { check: "project", state: "ok", message: `${project.folder}, stack ${name}` };
  } catch (error) {
    return failed("project", error);
  }
}

function cheap(name: string, logN: number): Finding {
  const message = `stack ${name}: work factor 2^${logN} is below the default 2^${LOG_N.default}`;
  const hint = `coffer passphrase change --stack ${name} --work-factor ${LOG_N.default}`;
  return { check: "stack", state: "note", message, hint };
}

function unfinished(name: string): Finding {
  return {
    check: "stack",
    state: "bad",
    message: `stack ${name}: a re-key was interrupted`,
    hint: `coffer rekey --stack ${name}`,
  };
}

function failed(check: string, error: unknown): Finding {
  if (!(error instanceof Fault)) throw error;
  return { check, state: "bad", message: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
}

function show({ state, message, hint }: Finding): string[] {
  const line = `${state.padEnd(4)}  ${message}`;
  return hint === undefined ? [line] : [line, `      → ${hint}`];
}
