/** What a plugin says of itself: `PLUGIN version --output json`, as Porter asks. */
import { Fault } from "../../core/fault.ts";
import { pluginEnvironment } from "../../core/providers/plugin/environment.ts";
import { requireOwn } from "../../core/providers/plugin/location.ts";
import { within } from "../../core/providers/plugin/within.ts";
import { hostFault } from "../../core/store/file_guard.ts";

export interface Metadata {
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  readonly author: string;
  readonly implementations: readonly { readonly type: string; readonly implementation: string }[];
}

const ANSWER_MS = 5000;
const MOST_BYTES = 64 * 1024;

/**
 * @throws {Fault} UNAVAILABLE when it does not answer as it should; CONFIG when it cannot be run; DENIED when others may
 * change it
 */
export async function metadataOf(program: string): Promise<Metadata> {
  requireRunnable(program);
  const child = spawn(program);
  const stdout = child.stdout.getReader();
  try {
    const text = await within(readBounded(stdout), ANSWER_MS);
    if (text === undefined) throw new Fault("UNAVAILABLE", `it did not answer within ${ANSWER_MS / 1000} s`);
    const status = await within(child.status, ANSWER_MS);
    if (status?.code !== 0) throw new Fault("UNAVAILABLE", `it ended with ${status?.code ?? "nothing"}`);
    return parse(text);
  } finally {
    kill(child.pid);
    await stdout.cancel();
    await child.status;
  }
}

/** As where it is used: to ask it is to run it. */
function requireRunnable(program: string): void {
  try {
    requireOwn(program);
  } catch (error) {
    throw hostFault(error, program);
  }
}

function spawn(program: string): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: ["version", "--output", "json"],
      clearEnv: true,
      env: pluginEnvironment(Deno.env.toObject(), []),
      detached: true, // a group of its own, to be ended as one
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    throw new Fault("CONFIG", "it cannot be run on this machine", { cause: error });
  }
}

async function readBounded(stream: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let read = await stream.read(); !read.done; read = await stream.read()) {
    text += decoder.decode(read.value, { stream: true });
    if (text.length > MOST_BYTES) throw new Fault("UNAVAILABLE", "it answers without end");
  }
  return text;
}

/** What is not a text is taken for none: only the name and the kinds are of any use. */
function parse(text: string): Metadata {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Fault("UNAVAILABLE", "what it answers is no JSON");
  }
  const textIn = (key: string) => typeof given?.[key] === "string" ? given[key] as string : "";
  if (textIn("name") === "") throw new Fault("UNAVAILABLE", "it does not say what it is");
  const listed = Array.isArray(given["implementations"]) ? given["implementations"] : [];
  return {
    name: textIn("name"),
    version: textIn("version"),
    commit: textIn("commit"),
    author: textIn("author"),
    implementations: listed.flatMap((one) =>
      typeof one?.type === "string" && typeof one?.implementation === "string"
        ? [{ type: one.type, implementation: one.implementation }]
        : []
    ),
  };
}

function kill(group: number): void {
  try {
    Deno.kill(-group, "SIGKILL");
  } catch {
    // it has ended
  }
}
