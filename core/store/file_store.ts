/** A stack's folder on disk: guarded, locked, atomic and durable (docs/format.md §1). */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import { removeIfPresent, replaceFile, syncFolder } from "./atomic_file.ts";
import { guardFolder, hostFault, readGuarded } from "./file_guard.ts";
import { lockFolder } from "./file_lock.ts";
import { isPieceFolder, pathOfSecret, secretAtPath } from "./file_name.ts";
import { type DocumentId, largestSizeOf, type Store, type StoredDocument, type StoreWriter } from "./store.ts";

const SECRETS = "secrets";
/** The one temporary file of a stack: the lock makes it ours, and the next writer finds one left by a killed writer. */
const TEMPORARY = ".new";

export class FileStore implements Store {
  readonly #folder: string;
  readonly #parents: readonly string[];
  #guarded = false;

  /**
   * @param folder the stack's folder
   * @param parents folders above it that belong to Coffer and are guarded as it is (`.coffer`, `.coffer/stacks`)
   */
  constructor(folder: string, parents: readonly string[] = []) {
    this.#folder = folder;
    this.#parents = parents;
  }

  read(document: DocumentId): Promise<StoredDocument | undefined> {
    return promised(() => {
      this.#guard();
      const where = this.#pathOf(document);
      if (document.kind === "secret") this.#guardPieces(document.name);
      const bytes = readGuarded(where, "sealed", largestSizeOf(document));
      return bytes && { bytes, where };
    });
  }

  list(): Promise<SecretName[]> {
    return promised(() => {
      this.#guard();
      const names: SecretName[] = [];
      const walk = (components: readonly string[]) => {
        for (const entry of entriesOf([this.#folder, SECRETS, ...components].join("/"))) {
          const path = [...components, entry.name];
          if (entry.isDirectory && isPieceFolder(entry.name)) walk(path);
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
    // One left by a killed writer; it holds ciphertext only.
    removeIfPresent(`${this.#folder}/${TEMPORARY}`);
    const unsynced = new Set<string>();
    const sync = () => {
      for (const folder of unsynced) syncFolder(folder);
      unsynced.clear();
    };
    try {
      return await change({
        write: (document, bytes) =>
          promised(() => {
            const path = this.#pathOf(document);
            if (document.kind === "stack") sync();
            else this.#makeFoldersOf(document.name, unsynced);
            replaceFile(path, `${this.#folder}/${TEMPORARY}`, bytes);
            unsynced.add(parentOf(path));
            if (document.kind === "stack") sync();
          }),
        remove: (document) =>
          promised(() => {
            const path = this.#pathOf(document);
            if (removeIfPresent(path)) unsynced.add(parentOf(path));
          }),
      });
    } catch (error) {
      throw hostFaultOrBug(error, this.#folder);
    } finally {
      sync();
    }
  }

  #guard(): void {
    if (this.#guarded) return;
    for (const folder of [...this.#parents, this.#folder, `${this.#folder}/${SECRETS}`]) guardFolder(folder, "sealed");
    this.#guarded = true;
  }

  /** The folders that a long name is spread over. */
  #guardPieces(name: SecretName): void {
    let folder = `${this.#folder}/${SECRETS}`;
    for (const piece of pathOfSecret(name).slice(0, -1)) guardFolder(folder += `/${piece}`, "sealed");
  }

  #pathOf(document: DocumentId): string {
    if (document.kind === "stack") return `${this.#folder}/stack.json`;
    return [this.#folder, SECRETS, ...pathOfSecret(document.name)].join("/");
  }

  /** git keeps no empty folders, so `secrets/` may be missing in a fresh clone. */
  #makeFoldersOf(name: SecretName, unsynced: Set<string>): void {
    let parent = this.#folder;
    for (const component of [SECRETS, ...pathOfSecret(name).slice(0, -1)]) {
      const folder = `${parent}/${component}`;
      if (!guardFolder(folder, "sealed")) {
        Deno.mkdirSync(folder, { mode: 0o700 });
        unsynced.add(parent);
      }
      parent = folder;
    }
  }
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

/** Host errors become faults; a bug in the caller's `change` stays what it is. */
function hostFaultOrBug(error: unknown, path: string): unknown {
  const fromHost = Object.values(Deno.errors).some((kind) => error instanceof kind);
  return error instanceof Fault || !fromHost ? error : hostFault(error, path);
}

/** The synchronous calls are several times faster for small files; the interface stays asynchronous for other stores. */
function promised<T>(step: () => T): Promise<T> {
  return Promise.try(step);
}
