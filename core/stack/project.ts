/** Where stacks live on disk: a project's `.coffer/`, found by walking up, or the user's own (docs/format.md §1). */
import { Fault } from "../fault.ts";
import { isStackName, type StackName } from "../name.ts";
import { syncFolder } from "../store/atomic_file.ts";
import { guardFolder, hostFault, statIfPresent } from "../store/file_guard.ts";
import { FileStore } from "../store/file_store.ts";
import type { UnchangedFiles } from "../store/unchanged_files.ts";

/** A folder that holds stacks. */
export class Project {
  /** The `.coffer` folder, or `$COFFER_HOME`. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The project around `directory`: the nearest `.coffer` going up, else `home` if it holds stacks. */
  static find(directory: string, home: string): Project | undefined {
    for (const folder of foldersUpFrom(directory)) {
      if (statIfPresent(`${folder}/.coffer/stacks`)) return new Project(`${folder}/.coffer`);
    }
    return statIfPresent(`${home}/stacks`) ? new Project(home) : undefined;
  }

  /** The stacks in it, sorted. */
  stacks(): StackName[] {
    for (const folder of [this.folder, `${this.folder}/stacks`]) guardFolder(folder, "sealed");
    try {
      return [...Deno.readDirSync(`${this.folder}/stacks`)].map((entry) => entry.name).filter(isStackName).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw hostFault(error, this.folder);
    }
  }

  has(stack: StackName): boolean {
    return statIfPresent(this.#folderOf(stack)) !== undefined;
  }

  /**
   * The store of a stack that exists.
   * @param unchanged as for `FileStore`
   * @throws {Fault} NOT_FOUND
   */
  store(stack: StackName, unchanged?: UnchangedFiles): FileStore {
    if (!this.has(stack)) {
      const others = this.stacks();
      throw new Fault("NOT_FOUND", `there is no stack ${stack} in ${this.folder}`, {
        hint: others.length > 0 ? `coffer stack select ${others[0]} (there are: ${others.join(", ")})` : "coffer init",
      });
    }
    return new FileStore(this.#folderOf(stack), [this.folder, `${this.folder}/stacks`], unchanged);
  }

  /**
   * Makes the folders of a new stack, and the two files that keep git from harming it.
   * @throws {Fault} CONFLICT when there is one already
   */
  makeStore(stack: StackName): FileStore {
    try {
      for (const folder of [this.folder, `${this.folder}/stacks`]) {
        if (!guardFolder(folder, "sealed")) Deno.mkdirSync(folder, { mode: 0o700, recursive: folder === this.folder });
      }
      // Sealed files are compared byte for byte: git must not turn their line ends into CRLF.
      writeIfAbsent(`${this.folder}/.gitattributes`, "* -text\n");
      writeIfAbsent(`${this.folder}/.gitignore`, ".new\n");
      Deno.mkdirSync(this.#folderOf(stack), { mode: 0o700 });
      syncFolder(`${this.folder}/stacks`);
      syncFolder(this.folder);
    } catch (error) {
      // A folder without a header is what an interrupted `init` leaves; it may go on there.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw hostFault(error, this.folder);
      if (statIfPresent(`${this.#folderOf(stack)}/stack.json`)) {
        throw new Fault("CONFLICT", `there is a stack ${stack} in ${this.folder} already`, {
          hint: `use it (coffer set NAME --stack ${stack}), or choose another name: coffer stack new NAME`,
        });
      }
    }
    return this.store(stack);
  }

  /** Removes what `makeStore` made when no stack came of it. Folders that hold anything stay. */
  discardEmpty(stack: StackName): void {
    if (statIfPresent(`${this.#folderOf(stack)}/stack.json`)) return;
    try {
      Deno.removeSync(this.#folderOf(stack));
      if (this.stacks().length > 0) return;
      for (const file of [".gitattributes", ".gitignore", "stacks", ""]) Deno.removeSync(`${this.folder}/${file}`);
    } catch {
      // something else lives there, and an empty folder does no harm
    }
  }

  /** Removes a stack with everything in it, once a writer that is at it has finished. */
  async remove(stack: StackName): Promise<void> {
    const folder = this.#folderOf(stack);
    await this.store(stack).exclusively(() => {
      guardFolder(folder, "sealed"); // never through a link
      try {
        Deno.removeSync(folder, { recursive: true });
      } catch (error) {
        throw hostFault(error, folder);
      }
      return Promise.resolve();
    });
  }

  #folderOf(stack: StackName): string {
    return `${this.folder}/stacks/${stack}`;
  }
}

/** A folder, the one it is in, and so on to the root, which is empty: a `/` comes behind each. */
export function* foldersUpFrom(directory: string): Generator<string> {
  for (let at = directory; at !== "" && at !== "/"; at = at.slice(0, at.lastIndexOf("/"))) yield at;
  yield "";
}

function writeIfAbsent(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}
