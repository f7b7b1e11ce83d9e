/**
 * Porter's provider for development: one plaintext file per secret, `$PORTER_HOME/secrets/KEY`. Coffer reads and writes
 * what Porter does, but keeps to the folder, whatever a key says, writes whole files, and closes the folder to others.
 */
import { Fault } from "../fault.ts";
import { isSecretName, type SecretName } from "../name.ts";
import { MAX_VALUE_BYTES } from "../seal/padding.ts";
import { Secret } from "../secret.ts";
import { missingSecrets } from "../stack/missing.ts";
import type { NewValue } from "../stack/stack.ts";
import { removeIfPresent, replaceFile, syncFolder } from "../store/atomic_file.ts";
import { guardFolder, readGuarded, statIfPresent } from "../store/file_guard.ts";
import { lockFolder } from "../store/file_lock.ts";
import { onHost } from "../store/on_host.ts";
import { unsupportedSource } from "./ability.ts";
import { keyAtPath, pathOfKey } from "./key_file.ts";
import { porterHome, type ProviderKind, readConfig } from "./kind.ts";
import type { ChangeableProvider, ListableProvider, ProvidedValue, RemovableProvider, Source } from "./provider.ts";

export const filesystem: ProviderKind = {
  brief: "Porter's plaintext files, one per secret: for development only",
  can: ["persist", "list", "remove"],
  open(config, around) {
    const { folder } = readConfig(config, ["folder"], (table) => ({ folder: table.text("folder") }));
    const path = folder ?? `${porterHome(around)}/secrets`;
    around.warn(`secrets are plaintext in ${path}: for development only`);
    return Promise.resolve(new FilesystemProvider(path.startsWith("/") ? path : `${around.cwd}/${path}`));
  },
  async check(config, around) {
    await using _provider = await filesystem.open(config, around);
    const { folder } = config;
    if (typeof folder !== "string") return;
    if (!folder.startsWith("/")) {
      throw new Fault("CONFIG", "the store's configuration is wrong: config.folder is not an absolute path", {
        hint: "it would be another folder wherever a command is called",
      });
    }
    guardFolder(folder, "sealed"); // it is closed to others when it is used
  },
};

/** No key's: it begins with a full stop. */
const TEMPORARY = ".coffer.new";

export class FilesystemProvider implements ChangeableProvider, ListableProvider, RemovableProvider {
  readonly #folder: string;

  /** @param folder absolute; made when something is written */
  constructor(folder: string) {
    this.#folder = folder;
  }

  resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    return onHost(this.#folder, () =>
      sources.map((source) => {
        if (source.kind !== "secret") return unsupportedSource(source);
        try {
          return this.#read(source.hint) ?? noSuchFile(source.hint);
        } catch (error) {
          if (error instanceof Fault) return error;
          throw error;
        }
      }));
  }

  async persist(source: Source, next: NewValue): Promise<undefined> {
    if (source.kind !== "secret") {
      throw new Fault("UNSUPPORTED", `invalid key name: ${source.kind}`, { hint: "only secret can be persisted" });
    }
    await this.#exclusively(() => this.#write(source.hint, next));
  }

  async change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<undefined> {
    await this.#exclusively(() => {
      const current = this.#read(name);
      using _current = current?.value;
      const next = decide(current);
      if (next) this.#write(name, next);
    });
  }

  list(): Promise<SecretName[]> {
    return onHost(this.#folder, () => {
      const names: SecretName[] = [];
      const walk = (components: readonly string[]) => {
        const folder = [this.#folder, ...components].join("/");
        if (!closeFolder(folder)) return;
        for (const { name, isDirectory } of Deno.readDirSync(folder)) {
          const path = [...components, name];
          const key = keyAtPath(path);
          if (isDirectory) walk(path);
          else if (key !== undefined && isSecretName(key)) names.push(key);
        }
      };
      walk([]);
      return names.sort();
    });
  }

  async remove(names: readonly SecretName[]): Promise<void> {
    await this.#exclusively(() => {
      const missing = names.filter((name) => !this.#closeFoldersOf(name) || !this.#isThere(name));
      if (missing.length > 0) throw missingSecrets(missing);
      for (const name of names) {
        const path = this.#pathOf(name);
        removeIfPresent(path);
        syncFolder(path.slice(0, path.lastIndexOf("/")));
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** A folder of that name is other keys'. */
  #isThere(key: string): boolean {
    return statIfPresent(this.#pathOf(key))?.isDirectory === false;
  }

  #pathOf(key: string): string {
    return [this.#folder, ...pathOfKey(key)].join("/");
  }

  #read(key: string): ProvidedValue | undefined {
    if (!this.#closeFoldersOf(key) || !this.#isThere(key)) return undefined;
    const path = this.#pathOf(key);
    tighten(path, 0o600);
    const bytes = readGuarded(path, "private", MAX_VALUE_BYTES);
    return bytes && { value: new Secret(bytes), type: "bytes" };
  }

  #write(key: string, { value, type }: NewValue): void {
    // The file would hold the object's text, and be read as that.
    if (type === "json") {
      throw new Fault("UNSUPPORTED", "plain files hold values without fields", {
        hint: "use a store that is not plaintext: coffer provider list",
      });
    }
    let folder = this.#folder;
    for (const component of pathOfKey(key).slice(0, -1)) {
      if (!closeFolder(folder += `/${component}`)) Deno.mkdirSync(folder, { mode: 0o700 });
    }
    if (statIfPresent(this.#pathOf(key))?.isDirectory) {
      throw new Fault("DENIED", `${this.#pathOf(key)} is a folder, in which there are other keys`, {
        hint: "choose another name: plain files hold no key below another",
      });
    }
    value.use((bytes) => replaceFile(this.#pathOf(key), `${this.#folder}/${TEMPORARY}`, bytes));
    syncFolder(folder);
  }

  #exclusively<T>(steps: () => T): Promise<T> {
    return onHost(this.#folder, async () => {
      if (!closeFolder(this.#folder)) Deno.mkdirSync(this.#folder, { mode: 0o700, recursive: true });
      using _lock = await lockFolder(this.#folder);
      return await onHost(this.#folder, steps);
    });
  }

  /** Whether all of them are there. */
  #closeFoldersOf(key: string): boolean {
    const folders = pathOfKey(key).slice(0, -1);
    return [0, ...folders.keys().map((i) => i + 1)].every((depth) =>
      closeFolder([this.#folder, ...folders.slice(0, depth)].join("/"))
    );
  }
}

/**
 * Closes a folder to others, which Porter leaves as open as it finds it: plaintext is nobody else's.
 * @returns whether there is one
 * @throws {Fault} DENIED for a link, and for what is not ours
 */
function closeFolder(path: string): boolean {
  tighten(path, 0o700);
  return guardFolder(path, "private");
}

/** Takes rights from group and others; whoever reads it refuses what is not ours. */
function tighten(path: string, mode: number): void {
  const info = statIfPresent(path);
  const isOwn = info !== undefined && !info.isSymlink && (info.uid === null || info.uid === Deno.uid());
  if (isOwn && info.mode !== null && (info.mode & 0o077) !== 0) Deno.chmodSync(path, mode);
}

function noSuchFile(key: string): Fault {
  const which = isSecretName(key) ? key : "that key";
  return new Fault("NOT_FOUND", `error reading secret from filesystem: there is no file for ${which}`, {
    hint: `printf %s "$VALUE" > FOLDER/${isSecretName(key) ? key : "KEY"}`,
  });
}
