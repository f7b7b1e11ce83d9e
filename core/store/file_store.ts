/** A stack's folder on disk: guarded, locked, atomic and durable (docs/format.md §1). */
import type { SecretName } from "../name.ts";
import { removeIfPresent, replaceFile, syncFolder } from "./atomic_file.ts";
import { guardFolder, hostFault, readGuarded, statIfPresent } from "./file_guard.ts";
import { lockFolder } from "./file_lock.ts";
import { isPieceFolder, pathOfSecret, secretAtPath } from "./file_name.ts";
import { onHost } from "./on_host.ts";
import { type DocumentId, largestSizeOf, type Store, type StoredDocument, type StoreWriter } from "./store.ts";
import type { UnchangedFiles } from "./unchanged_files.ts";

/** The folders of a stack, by what is in them. */
const FOLDERS = { secret: "secrets", kv: "kv" } as const;
/** The one temporary file of a stack: the lock makes it ours, and the next writer finds one left by a killed writer. */
const TEMPORARY = ".new";

export class FileStore implements Store {
  readonly #folder: string;
  readonly #parents: readonly string[];
  readonly #unchanged: UnchangedFiles | undefined;

  /**
   * @param folder the stack's folder
   * @param parents folders above it that belong to Coffer and are guarded as it is (`.coffer`, `.coffer/stacks`)
   * @param unchanged keeps what was read, for a process that reads often
   */
  constructor(folder: string, parents: readonly string[] = [], unchanged: UnchangedFiles | undefined = undefined) {
    this.#folder = folder;
    this.#parents = parents;
    this.#unchanged = unchanged;
  }

  read(document: DocumentId): Promise<StoredDocument | undefined> {
    const where = this.#pathOf(document);
    const read = () => this.#read(document, where);
    return onHost(where, () => this.#unchanged ? this.#unchanged.read(where, read) : read());
  }

  #read(document: DocumentId, where: string): StoredDocument | undefined {
    // Asked for every secret, and there for few: where the folder is missing, that is all there is to know.
    if (document.kind === "kv" && !statIfPresent(`${this.#folder}/${FOLDERS.kv}`)) return undefined;
    this.#guard();
    if ("name" in document) this.#guardFoldersOf(document);
    const bytes = readGuarded(where, "sealed", largestSizeOf(document));
    return bytes && { bytes, where };
  }

  list(kind: "secret" | "kv"): Promise<SecretName[]> {
    const top = `${this.#folder}/${FOLDERS[kind]}`;
    return onHost(top, () => {
      this.#guard();
      if (!guardFolder(top, "sealed")) return [];
      const names: SecretName[] = [];
      const walk = (components: readonly string[]) => {
        for (const entry of entriesOf([top, ...components].join("/"))) {
          const path = [...components, entry.name];
          if (!entry.isFile && isPieceFolder(entry.name)) {
            // A link here would hide secrets, which a re-key would then leave behind.
            guardFolder([top, ...path].join("/"), "sealed");
            walk(path);
          }
          // A link with a secret's name is listed; reading it is refused, with the reason.
          const name = entry.isDirectory ? undefined : secretAtPath(path);
          if (name) names.push(name);
        }
      };
      walk([]);
      return names.sort();
    });
  }

  async exclusively<T>(change: (writer: StoreWriter) => Promise<T>): Promise<T> {
    this.#guard();
    using _lock = await lockFolder(this.#folder);
    const temporary = `${this.#folder}/${TEMPORARY}`;
    // One left by a killed writer; it holds ciphertext only.
    await onHost(temporary, () => removeIfPresent(temporary));
    const unsynced = new Set<string>();
    const sync = () => {
      for (const folder of unsynced) syncFolder(folder);
      unsynced.clear();
    };
    const writer: StoreWriter = {
      write: (document, bytes) => {
        const path = this.#pathOf(document);
        return onHost(path, () => {
          if (document.kind !== "secret") sync();
          if ("name" in document) this.#makeFoldersOf(document, unsynced);
          replaceFile(path, temporary, bytes);
          unsynced.add(parentOf(path));
          if (document.kind !== "secret") sync();
        });
      },
      remove: (document) => {
        const path = this.#pathOf(document);
        return onHost(path, () => {
          if ("name" in document) this.#guardFoldersOf(document);
          if (document.kind !== "secret") sync();
          if (removeIfPresent(path)) unsynced.add(parentOf(path));
          if (document.kind !== "secret") sync();
        });
      },
    };
    let result: T;
    try {
      result = await change(writer);
    } catch (error) {
      await onHost(this.#folder, sync).catch(() => {}); // the first error is the one to report
      throw error;
    }
    sync();
    return result;
  }

  /** Each time: in a process that runs for days, a folder may become a link, or too open, at any time. */
  #guard(): void {
    const own = [this.#folder, `${this.#folder}/${FOLDERS.secret}`];
    for (const folder of [...this.#parents, ...own]) guardFolder(folder, "sealed");
  }

  /** `secrets/` or `kv/`, and the folders that a long name is spread over. */
  #guardFoldersOf(document: NamedDocument): void {
    let folder = this.#folder;
    for (const component of componentsOf(document).slice(0, -1)) guardFolder(folder += `/${component}`, "sealed");
  }

  #pathOf(document: DocumentId): string {
    const components = "name" in document ? componentsOf(document) : [`${document.kind}.json`];
    return [this.#folder, ...components].join("/");
  }

  /** git keeps no empty folders, so `secrets/` may be missing in a fresh clone; `kv/` is made when it is needed. */
  #makeFoldersOf(document: NamedDocument, unsynced: Set<string>): void {
    let parent = this.#folder;
    for (const component of componentsOf(document).slice(0, -1)) {
      const folder = `${parent}/${component}`;
      if (!guardFolder(folder, "sealed")) {
        Deno.mkdirSync(folder, { mode: 0o700 });
        unsynced.add(parent);
      }
      parent = folder;
    }
  }
}

type NamedDocument = Extract<DocumentId, { name: unknown }>;

/** Where a document is below the stack's folder. */
function componentsOf({ kind, name }: NamedDocument): string[] {
  return [FOLDERS[kind], ...pathOfSecret(name)];
}

function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw hostFault(error, folder);
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
