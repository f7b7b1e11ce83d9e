/** The child's environment, byte for byte. */
import { Fault } from "../../core/fault.ts";
import type { EnvName } from "../../core/name.ts";
import type { Secret } from "../../core/secret.ts";
import { initialEnvironment } from "../native/initial_environment.ts";

/** What a program needs to find itself around; nothing else is inherited with `--pristine`. */
const PRISTINE = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
/** Names what the self-extracting executable has set for the runtime, and the user had not. */
const RUNTIME_VARIABLES = "COFFER_RUNTIME_VARIABLES";
/** Ours: what unlocks the store, where it is, and what the runtime was started with. */
const OWN = /^COFFER_/;

const EQUALS = 61;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const latin1 = new TextDecoder("latin1");

/** `NAME=value`. */
interface Entry {
  /** One character for each of its bytes: see `nameOfBytes`. Empty where there is no `=`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export class Environment {
  /** In their order, and twice what is there twice: of two values some programs take the first, and some the last. */
  #entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** What we were started with, but for what is Coffer's own. */
  static inherited(): Environment {
    const initial = initialEnvironment();
    const all = new Environment(initial ? split(initial) : current());
    const runtime = decoder.decode(all.get(RUNTIME_VARIABLES)).split(" ").filter((name) => name.startsWith("DENO_"));
    return new Environment(all.#entries.filter(({ name }) => !OWN.test(name) && !runtime.includes(name)));
  }

  get(name: string): Uint8Array | undefined {
    return this.#entries.find((entry) => entry.name === name)?.bytes.subarray(name.length + 1);
  }

  /** In the place of every value that it has. */
  set(name: EnvName, value: Uint8Array): void {
    const bytes = new Uint8Array(name.length + 1 + value.length);
    bytes.set(encoder.encode(`${name}=`));
    bytes.set(value, name.length + 1);
    this.#entries = [...this.#entries.filter((entry) => entry.name !== name), { name, bytes }];
  }

  /** Leaves the few variables that every program needs, and those named. */
  makePristine(kept: readonly string[]): void {
    this.#entries = this.#entries.filter(({ name }) => PRISTINE.includes(name) || kept.includes(name));
  }

  /** As the kernel takes it. */
  get block(): Uint8Array[] {
    return this.#entries.map(({ bytes }) => bytes);
  }

  /** As text, for systems where there is no other way. */
  get record(): Record<string, string> {
    const named = this.#entries.filter(({ name }) => name !== "").toReversed(); // of two values the first
    return Object.fromEntries(
      named.map(({ name, bytes }) => [
        decoder.decode(bytes.subarray(0, name.length)),
        decoder.decode(bytes.subarray(name.length + 1)),
      ]),
    );
  }

  get names(): string[] {
    return this.#entries.map(({ name }) => name);
  }
}

/** Every entry ends with a NUL byte. Where a passphrase was, now nothing but these are. */
function split(block: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < block.length;) {
    const end = block.indexOf(0, at);
    const bytes = block.subarray(at, end < 0 ? block.length : end);
    const equals = Math.max(0, bytes.indexOf(EQUALS, 1)); // a name may begin with it
    if (bytes.length > 0) entries.push({ name: latin1.decode(bytes.subarray(0, equals)), bytes });
    at += bytes.length + 1;
  }
  return entries;
}

/** As the runtime tells it: without values that are not text, and without the `node` of its own that it puts on PATH. */
function current(): Entry[] {
  const { DENO_NODE_SHIM_ACTIVE: hasShim, ...values } = Deno.env.toObject();
  if (hasShim && values["PATH"]) values["PATH"] = values["PATH"].replace(/^[^:]*\/node_compat_bin:/, "");
  return Object.entries(values).map(([name, value]) => {
    return { name: nameOfBytes(name), bytes: encoder.encode(`${name}=${value}`) };
  });
}

/** A variable's name with one character for each of its bytes, since it may be no text at all. */
export function nameOfBytes(name: string): string {
  return latin1.decode(encoder.encode(name));
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
