/**
 * The sets of one kind on disk: `$COFFER_HOME/credentials/` and `parameters/`, one JSON document for each, private.
 * The names of files are those of secrets (docs/format.md §1.1), so that they are safe where case is ignored.
 */
import { parseDocument } from "../config/document.ts";
import { isTable } from "../config/table.ts";
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import { timestampNow } from "../seal/timestamp.ts";
import { removeIfPresent, replaceFile, syncFolder } from "../store/atomic_file.ts";
import { guardFolder, readGuarded } from "../store/file_guard.ts";
import { lockFolder } from "../store/file_lock.ts";
import { pathOfSecret, secretAtPath } from "../store/file_name.ts";
import { onHost } from "../store/on_host.ts";
import { formatSetJson } from "./format.ts";
import { parseSet } from "./parse.ts";
import { describeSet, type SetId, type SetKind, type SourceSet, type StoredSet } from "./set.ts";

const MAX_BYTES = 16 * 1024 * 1024;

export class SetFolder {
  readonly #home: string;
  readonly #folder: string;
  readonly kind: SetKind;

  /** @param home `$COFFER_HOME` */
  constructor(home: string, kind: SetKind) {
    this.#home = home;
    this.#folder = `${home}/${kind.plural}`;
    this.kind = kind;
  }

  /** Every set, sorted by namespace and name. @throws {Fault} for one that cannot be read */
  list(): Promise<StoredSet[]> {
    return onHost(this.#folder, async () => {
      if (!this.#guard()) return [];
      const sets: StoredSet[] = [];
      for (const { name } of Deno.readDirSync(this.#folder)) {
        const id = idAt(name);
        const set = id && await this.#read(id);
        if (set) sets.push(set);
      }
      const order = ({ namespace, name }: SetId) => `${namespace}/${name}`;
      return sets.sort((a, b) => (order(a) < order(b) ? -1 : 1));
    });
  }

  /** @throws {Fault} NOT_FOUND */
  async get(id: SetId): Promise<StoredSet> {
    const found = await this.find(id);
    if (found) return found;
    const { singular, plural } = this.kind;
    throw new Fault("NOT_FOUND", `there is no ${singular} set ${describeSet(id)}`, {
      hint: `coffer ${plural} list --all-namespaces; coffer ${plural} apply FILE adds one`,
    });
  }

  find(id: SetId): Promise<StoredSet | undefined> {
    return onHost(this.#folder, () => this.#guard() ? this.#read(id) : undefined);
  }

  /** The set of that name in the namespace, else the global one. @throws {Fault} NOT_FOUND */
  async nearest({ namespace, name }: SetId): Promise<StoredSet> {
    const own = namespace === "" ? undefined : await this.find({ namespace, name });
    return own ?? await this.#global(name, namespace);
  }

  async #global(name: string, wanted: string): Promise<StoredSet> {
    return await this.find({ namespace: "", name }) ?? await this.get({ namespace: wanted, name });
  }

  /**
   * Keeps a set, in the place of one that may be there.
   * @param decide is given that one; throws to leave it
   * @returns the set that was there before
   */
  async replace(
    set: SourceSet,
    decide: (current: StoredSet | undefined) => void = () => {},
  ): Promise<StoredSet | undefined> {
    return await this.#exclusively(async () => {
      const current = await this.#read(set);
      decide(current);
      const modified = timestampNow();
      const stored: StoredSet = { ...set, created: current?.created ?? modified, modified };
      const bytes = new TextEncoder().encode(formatSetJson(stored, this.kind));
      replaceFile(this.pathOf(set), `${this.#folder}/.new`, bytes);
      syncFolder(this.#folder);
      return current;
    });
  }

  /** Removes a set, if it is there. */
  async remove(id: SetId): Promise<void> {
    await this.#exclusively(() => {
      if (removeIfPresent(this.pathOf(id))) syncFolder(this.#folder);
    });
  }

  /** Where a set is kept. @throws {Fault} USAGE when its names are too long together */
  pathOf({ namespace, name }: SetId): string {
    const components = pathOfSecret((namespace === "" ? name : `${namespace}/${name}`) as SecretName);
    if (components.length === 1) return `${this.#folder}/${components[0]}`;
    throw new Fault("USAGE", `the names ${namespace} and ${name} are too long together`, {
      hint: "choose shorter ones",
    });
  }

  async #read(id: SetId): Promise<StoredSet | undefined> {
    const path = this.pathOf(id);
    const bytes = readGuarded(path, "private", MAX_BYTES);
    if (!bytes) return undefined;
    const document = await parseDocument(new TextDecoder().decode(bytes), "json", path);
    const set = parseSet(document, this.kind, path);
    const status = isTable(document["status"]) ? document["status"] : {};
    const [created, modified] = [String(status["created"] ?? ""), String(status["modified"] ?? "")];
    if (set.namespace === id.namespace && set.name === id.name) return { ...set, created, modified };
    throw new Fault("CONFIG", `${path} holds another set: ${describeSet(set)}`, { hint: `rm ${path}, and apply it` });
  }

  /** Whether there is a folder. @throws {Fault} DENIED when it is a link, or others can reach it */
  #guard(): boolean {
    return guardFolder(this.#home, "private") && guardFolder(this.#folder, "private");
  }

  async #exclusively<T>(steps: () => T): Promise<Awaited<T>> {
    return await onHost(this.#folder, async () => {
      if (!this.#guard()) Deno.mkdirSync(this.#folder, { mode: 0o700, recursive: true });
      using _lock = await lockFolder(this.#folder);
      return await steps();
    });
  }
}

function idAt(fileName: string): SetId | undefined {
  const path = secretAtPath([fileName]);
  const [first, second, ...others] = path?.split("/") ?? [];
  if (first === undefined || others.length > 0) return undefined;
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}
