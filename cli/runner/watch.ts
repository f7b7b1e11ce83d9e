/** Noticing that something a command was given may have changed. */
import { Fault } from "../../core/fault.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import { placesOf } from "./file_places.ts";

/** One change comes as several events: a new file, a rename, another for the folder. */
const QUIET_MS = 100;

export class Watch implements Disposable {
  #folders: readonly string[];
  #files: readonly string[];
  /** The files, and the links that lead to them just now. */
  #places: readonly string[] = [];
  #watchers: readonly Deno.FsWatcher[] = [];
  #changed = Promise.withResolvers<void>();

  /**
   * @param folders everything below these
   * @param files these files. Their folders are watched: an editor replaces a file rather than writing it
   * @throws {Fault} USAGE when one is not a file that can be read again
   */
  constructor(folders: readonly string[], files: readonly string[]) {
    this.#folders = folders;
    this.#files = files;
    try {
      const other = files.filter((file) => !Deno.statSync(file).isFile);
      if (other.length > 0) {
        throw new Fault("USAGE", `--watch can read only files again: ${other.join(", ")}`, {
          hint: "write it to a file",
        });
      }
      this.#look();
      this.#changed.resolve(); // something may have, between the first look-up and this
    } catch (error) {
      throw hostFault(error, "the folders to watch");
    }
  }

  /** Resolves at the next change, a moment after the last of its events. */
  async changed(): Promise<void> {
    await this.#changed.promise;
    for (;;) {
      this.#changed = Promise.withResolvers();
      const quiet = new Promise<"quiet">((resolve) => setTimeout(() => resolve("quiet"), QUIET_MS));
      if (await Promise.race([quiet, this.#changed.promise]) === "quiet") break;
    }
    try {
      this.#look();
    } catch {
      // A folder has gone. Who looks the file up reports it; what is watched still sees it come back.
    }
  }

  /** Watches these from now on; what is not there yet may come. */
  follow(folders: readonly string[], files: readonly string[]): void {
    if (folders.join("\0") === this.#folders.join("\0") && files.join("\0") === this.#files.join("\0")) return;
    this.#folders = folders;
    this.#files = files;
    try {
      this.#watch(files.flatMap(placesOf));
      this.#changed.resolve(); // as at the beginning
    } catch {
      // a folder that is not there: what is missing in it is reported, and the next change looks again
    }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  /** A link that was exchanged leads to another folder. */
  #look(): void {
    const places = this.#files.flatMap(placesOf);
    if (this.#watchers.length > 0 && places.join("\0") === this.#places.join("\0")) return;
    this.#watch(places);
  }

  #watch(places: readonly string[]): void {
    const parents = new Set(places.map((place) => place.slice(0, place.lastIndexOf("/")) || "/"));
    const watchers = [
      Deno.watchFs([...this.#folders], { recursive: true }),
      Deno.watchFs([...parents], { recursive: false }), // a project's folder may have anything below it
    ];
    this[Symbol.dispose]();
    this.#places = places;
    this.#watchers = watchers;
    for (const watcher of watchers) void this.#listen(watcher);
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind, paths } of watcher) {
      if (kind !== "access" && paths.some((path) => this.#concerns(path))) this.#changed.resolve();
    }
  }

  #concerns(path: string): boolean {
    return this.#places.includes(path) || this.#folders.some((folder) => path.startsWith(`${folder}/`));
  }
}
