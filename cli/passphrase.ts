/**
 * Where the passphrase comes from, in order: `--passphrase-fd N`, `COFFER_PASSPHRASE_FILE`, `COFFER_PASSPHRASE`, a
 * prompt without echo.
 */
import { Fault } from "../core/fault.ts";
import { Secret } from "../core/secret.ts";
import { readGuarded } from "../core/store/file_guard.ts";
import type { Host } from "./host.ts";
import { isOwn, keepFromChildren, readGiven } from "./native/given_descriptor.ts";
import type { Terminal } from "./terminal.ts";

/** Variables that hold a passphrase, or with `_FILE` the path of one. */
type PassphraseVariable = "COFFER_PASSPHRASE" | "COFFER_NEW_PASSPHRASE";
const MAX_BYTES = 64 * 1024;

/** The passphrase that was given without a prompt, or undefined. `variable` is COFFER_NEW_PASSPHRASE for a new one. */
export function givenPassphrase(
  host: Host,
  fd: number | undefined,
  variable: PassphraseVariable = "COFFER_PASSPHRASE",
): Secret | undefined {
  if (fd !== undefined) return withoutNewline(readDescriptor(fd), `file descriptor ${fd}`);
  const file = host.env(`${variable}_FILE`);
  if (file) {
    const bytes = readGuarded(file, "private", MAX_BYTES);
    if (!bytes) {
      throw new Fault("LOCKED", `${variable}_FILE names ${file}, which does not exist`, {
        hint: "create it with mode 600, or unset the variable",
      });
    }
    return withoutNewline(bytes, file);
  }
  const value = textVariable(host, variable);
  return value === undefined ? undefined : notEmpty(Secret.fromText(value), variable);
}

/** The passphrase to unlock with. `attempt` is called until it succeeds, three times at a prompt and once otherwise. */
export async function withPassphrase<T>(
  given: Secret | undefined,
  terminal: Pick<Terminal, "askHidden">,
  label: string,
  attempt: (passphrase: Secret) => Promise<T>,
): Promise<T> {
  if (given) return await attempt(given);
  for (let tries = 1;; tries++) {
    using typed = await terminal.askHidden(tries === 1 ? `Passphrase for ${label}` : "Wrong passphrase; try again");
    if (!typed) throw noPassphrase();
    try {
      return await attempt(notEmpty(typed, "the passphrase"));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "LOCKED" || tries === 3) throw error;
    }
  }
}

export function noPassphrase(): Fault {
  return new Fault("LOCKED", "there is no passphrase, and no terminal to ask for one", {
    hint: "set COFFER_PASSPHRASE_FILE (a file with mode 600) or COFFER_PASSPHRASE, or use --passphrase-fd",
  });
}

/** The runtime throws at a variable that is not UTF-8. */
function textVariable(host: Host, variable: string): string | undefined {
  try {
    return host.env(variable);
  } catch {
    throw new Fault("USAGE", `${variable} is not valid UTF-8 text`, { hint: "use a text passphrase" });
  }
}

function readDescriptor(fd: number): Uint8Array {
  if (isOwn(fd)) throw unreadable(fd);
  try {
    return readFromStart(fd);
  } catch (error) {
    const bytes = readGiven(fd, MAX_BYTES);
    if (bytes) return bytes;
    throw unreadable(fd, error);
  } finally {
    keepFromChildren(fd);
  }
}

function unreadable(fd: number, cause?: unknown): Fault {
  return new Fault("LOCKED", `file descriptor ${fd} cannot be read`, {
    hint: "open it for the command: coffer get NAME --passphrase-fd 3 3< passphrase.txt",
    cause,
  });
}

/** A file has the passphrase for one command after another. */
function readFromStart(fd: number): Uint8Array {
  using file = Deno.openSync(`/dev/fd/${fd}`);
  const bytes = new Uint8Array(MAX_BYTES);
  let length = 0;
  for (let n: number | null = 0; n !== null && length < MAX_BYTES;) {
    n = file.readSync(bytes.subarray(length));
    length += n ?? 0;
  }
  return bytes.subarray(0, length);
}

/** Drops one trailing line end, which editors and `echo` add. */
function withoutNewline(bytes: Uint8Array, source: string): Secret {
  let end = bytes.length;
  if (bytes[end - 1] === 10) end -= bytes[end - 2] === 13 ? 2 : 1;
  const secret = new Secret(bytes.slice(0, end));
  bytes.fill(0);
  return notEmpty(secret, source);
}

function notEmpty(secret: Secret, source: string): Secret {
  if (secret.size > 0) return secret;
  throw new Fault("LOCKED", `the passphrase from ${source} is empty`, { hint: "give a passphrase that is not empty" });
}
