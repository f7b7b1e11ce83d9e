/** Noticing that something a command was given may have changed. */
import { hostFault } from "../../core/store/file_guard.ts";

/** One change comes as several events: a new file, a rename, another for the folder. */
const QUIET_MS = 100;

export class Watch implements Disposable {
  readonly #watchers: readonly Deno.FsWatcher[];
  readonly #concerns: (path: string) => boolean;
  #changed = Promise.withResolvers<void>();

  /**
   * @param folders everything below these
   * @param files these files. Their folders are watched: an editor replaces a file rather than writing it
   */
  constructor(folders: readonly string[], files: readonly string[]) {
    const paths = files.map((file) => Deno.realPathSync(file));
    const parents = paths.map((path) => path.slice(0, path.lastIndexOf("/")) || "/");
    this.#concerns = (path) => paths.includes(path) || folders.some((folder) => path.startsWith(`${folder}/`));
    try {
      this.#watchers = [
        Deno.watchFs([...folders], { recursive: true }),
        Deno.watchFs([...new Set(parents)], { recursive: false }), // a project's folder may have anything below it
      ];
    } catch (error) {
      throw hostFault(error, "the folders to watch");
    }
    for (const watcher of this.#watchers) void this.#listen(watcher);
  }

  /** Resolves at the next change, a moment after the last of its events. */
  async changed(): Promise<void> {
    await this.#changed.promise;
    for (;;) {
      this.#changed = Promise.withResolvers();
      const quiet = new Promise<"quiet">((resolve) => setTimeout(() => resolve("quiet"), QUIET_MS));
      if (await Promise.race([quiet, this.#changed.promise]) === "quiet") return;
    }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind, paths } of watcher) {
      if (kind !== "access" && paths.some(this.#concerns)) this.#changed.resolve();
    }
  }
}
