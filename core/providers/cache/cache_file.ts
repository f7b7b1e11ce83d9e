/**
 * The file of a cache: in the user's own folder, one for each stack, sealed under the stack's key. It opens with the
 * stack alone, and only for the registration that it was filled by: values of another server are nobody's.
 */
import { hexOf } from "../../crypto/bytes.ts";
import { digestSha256 } from "../../crypto/hkdf.ts";
import { Fault } from "../../fault.ts";
import type { Registration } from "../../stack/registration.ts";
import { openBeside, sealBeside } from "../../stack/beside.ts";
import type { Stack } from "../../stack/stack.ts";
import { removeIfPresent, replaceFile, syncFolder } from "../../store/atomic_file.ts";
import { guardFolder, readGuarded } from "../../store/file_guard.ts";
import { lockFolder } from "../../store/file_lock.ts";
import { onHost } from "../../store/on_host.ts";
import { CacheEntries, decodeEntries, encodeEntries } from "./entries.ts";

const MAX_BYTES = 64 * 1024 * 1024;

export class CacheFile {
  readonly #stack: Stack;
  readonly #folder: string;
  readonly #place: string;

  /** @param home the user's own folder */
  constructor(stack: Stack, home: string, { provider, created, config }: Registration) {
    this.#stack = stack;
    this.#folder = `${home}/cache`;
    this.#place = `${provider} ${created} ${hexOf(config.use(digestSha256))}`;
  }

  /** Nothing when there is none, or it does not open. */
  read(): Promise<CacheEntries> {
    return onHost(this.#path, () => {
      if (!guardFolder(this.#folder, "private")) return new CacheEntries();
      const sealed = readGuarded(this.#path, "private", MAX_BYTES);
      const content = sealed && openBeside(this.#stack, sealed, this.#place);
      const entries = content && decodeEntries(content);
      content?.fill(0);
      return entries ?? new CacheEntries();
    });
  }

  /** Changes what is there, with no other writer in between. One that grows too large is emptied. */
  async change(change: (entries: CacheEntries) => void): Promise<void> {
    await onHost(this.#path, async () => {
      if (!guardFolder(this.#folder, "private")) Deno.mkdirSync(this.#folder, { mode: 0o700, recursive: true });
      using _lock = await lockFolder(this.#folder);
      using entries = await this.read();
      change(entries);
      const content = encodeEntries(entries);
      if (content.length > MAX_BYTES / 2) return void removeIfPresent(this.#path);
      const sealed = sealBeside(this.#stack, content, this.#place);
      content.fill(0);
      replaceFile(this.#path, `${this.#folder}/.new`, sealed);
      syncFolder(this.#folder);
    });
  }

  async remove(): Promise<void> {
    await onHost(this.#path, () => removeIfPresent(this.#path));
  }

  get #path(): string {
    return `${this.#folder}/${this.#stack.header.id}`;
  }
}

/** For what is asked for without the provider, and is not there. */
export function notCached(what: string): Fault {
  return new Fault("UNAVAILABLE", `${what} is not in the cache, or too old`, {
    hint: "leave --offline out, to ask the provider",
  });
}
