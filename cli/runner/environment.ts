/** The child's environment, byte for byte. */
import { Fault } from "../../core/fault.ts";
import type { EnvName } from "../../core/name.ts";
import type { Secret } from "../../core/secret.ts";

/** What a program needs to find itself around; nothing else is inherited with `--pristine`. */
const PRISTINE = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
/** Names what the self-extracting executable has set for the runtime, and the user had not. */
const RUNTIME_VARIABLES = "COFFER_RUNTIME_VARIABLES";
/** Ours: what unlocks the store, where it is, and what the runtime was started with. */
const OWN = /^COFFER_/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const latin1 = new TextDecoder("latin1");

export class Environment {
  /** Values by name; a name has one character for each of its bytes. */
  readonly #values: Map<string, Uint8Array>;

  private constructor(values: Map<string, Uint8Array>) {
    this.#values = values;
  }

  /** What we were started with, but for what is Coffer's own. */
  static inherited(): Environment {
    const values = initial() ?? current();
    const runtime = values.get(RUNTIME_VARIABLES);
    for (const name of runtime ? decoder.decode(runtime).split(" ") : []) {
      if (name.startsWith("DENO_")) values.delete(name);
    }
    for (const name of values.keys()) if (OWN.test(name)) values.delete(name);
    return new Environment(values);
  }

  get(name: string): Uint8Array | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: Uint8Array): void {
    this.#values.set(name, value);
  }

  /** Leaves the few variables that every program needs, and those named. */
  makePristine(kept: readonly string[]): void {
    for (const name of this.#values.keys()) {
      if (!PRISTINE.includes(name) && !kept.includes(name)) this.#values.delete(name);
    }
  }

  /** `NAME=value`, as the kernel takes it. */
  get block(): Uint8Array[] {
    return [...this.#values].map(([name, value]) => {
      const entry = new Uint8Array(name.length + 1 + value.length);
      for (let i = 0; i < name.length; i++) entry[i] = name.charCodeAt(i);
      entry[name.length] = 61;
      entry.set(value, name.length + 1);
      return entry;
    });
  }

  /** As text, for systems where there is no other way. */
  get record(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([name, value]) => [name, decoder.decode(value)]));
  }

  get names(): string[] {
    return [...this.#values.keys()];
  }
}

/**
 * The kernel's copy: bytes that are not text included, and without what the runtime has changed since. (Where there is
 * no `node`, it puts one that is itself in front of `PATH`.) The first of two values for a name is the one programs see.
 */
function initial(): Map<string, Uint8Array> | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync("/proc/self/environ");
  } catch {
    return undefined; // no such file on this system
  }
  const values = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    const entry = bytes.subarray(at, end < 0 ? bytes.length : end);
    const equals = entry.indexOf(61, 1);
    const name = latin1.decode(entry.subarray(0, equals));
    if (equals > 0 && !values.has(name)) values.set(name, entry.subarray(equals + 1));
    at += entry.length + 1;
  }
  return values;
}

function current(): Map<string, Uint8Array> {
  return new Map(Object.entries(Deno.env.toObject()).map(([name, value]) => [name, encoder.encode(value)]));
}

/**
 * Refuses what a variable cannot hold.
 * @throws {Fault} UNSUPPORTED naming every value with a NUL byte, and every one that is not UTF-8 text
 */
export function requireText(values: ReadonlyMap<EnvName, Secret>): void {
  const unfit = [...values].filter(([, value]) => !value.use(isText)).map(([name]) => name);
  if (unfit.length === 0) return;
  throw new Fault("UNSUPPORTED", `not text that an environment variable can hold: ${unfit.join(", ")}`, {
    hint: "hand it over as a file: --file NAME=PATH",
  });
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
