/** What a command is given: every value looked up, and handed over when it starts. */
import { LEAST_MASKED_BYTES } from "../../core/mask/masker.ts";
import type { EnvName } from "../../core/name.ts";
import { describeOrigin } from "../../core/origin.ts";
import type { Resolved } from "../../core/resolve.ts";
import { Secret } from "../../core/secret.ts";
import { parseEnvName } from "../../core/name.ts";
import { render } from "../template.ts";
import { Environment, nameOfBytes, requireText } from "./environment.ts";
import type { RamFolder } from "./ram_folder.ts";
import { originsOf, type Selection } from "./selection.ts";

/** Names the private folder. */
export const FOLDER_VARIABLE = parseEnvName("COFFER_FILES");

interface File {
  /** Relative to the private folder. */
  readonly path: string;
  /** The variable that gets the full path. A rendered template has none. */
  readonly env: EnvName | undefined;
  readonly content: Secret;
  readonly once: boolean;
}

/** How much of what we were started with the command gets. */
export interface Inheritance {
  /** Only a few variables that every program needs. */
  readonly pristine: boolean;
  /** Variables whose own value wins over what was chosen; `all`: every one that is set. */
  readonly preserve: readonly string[] | "all";
}

/** Disposing wipes it. */
export class Delivery implements Disposable {
  readonly #variables: ReadonlyMap<EnvName, Secret>;
  readonly #files: readonly File[];
  /** What is to be masked: the values that were looked up, also those that a template has in it. */
  readonly secrets: readonly Secret[];
  /** Where values are from that are too short to be masked. */
  readonly unmasked: readonly string[];

  /**
   * Takes `resolved` over.
   * @throws {Fault} UNSUPPORTED naming what a variable cannot hold
   */
  constructor(selection: Selection, resolved: Resolved) {
    const { bindings, files, templates } = selection;
    const variables = bindings.map(({ env, from }) =>
      [env, typeof from === "string" ? Secret.fromText(from) : resolved.of(from)] as const
    );
    this.secrets = resolved.masked;
    const short = originsOf(selection).filter((from) => resolved.of(from).size < LEAST_MASKED_BYTES);
    this.unmasked = [...new Set(short.map(describeOrigin))];
    this.#variables = new Map(variables);
    this.#files = [
      ...files.map(({ path, env, from, once }) => ({ path, env, content: resolved.of(from), once })),
      ...templates.map(({ template, path }) => {
        return { path, env: undefined, content: new Secret(render(template, resolved)), once: false };
      }),
    ];
    requireText(this.#variables);
  }

  get needsFolder(): boolean {
    return this.#files.length > 0;
  }

  /** Whether a command that was given the one would be given nothing else by the other. */
  equals(other: Delivery): boolean {
    const [ours, theirs] = [this.#contents(), other.#contents()];
    return ours.size === theirs.size &&
      [...ours].every(([place, content]) => theirs.get(place)?.equals(content) ?? false);
  }

  /** Writes the files, and returns the environment with the variables and the files' paths. */
  handOver(folder: RamFolder | undefined, { pristine, preserve }: Inheritance): Environment {
    const environment = Environment.inherited();
    const named = preserve === "all" ? [] : preserve.map(nameOfBytes);
    if (pristine) environment.makePristine(named);
    const kept = preserve === "all" ? environment.names : named.filter((name) => environment.get(name) !== undefined);
    const set = (name: EnvName, value: Uint8Array) => {
      if (!kept.includes(name)) environment.set(name, value);
    };
    for (const [name, value] of this.#variables) value.use((bytes) => set(name, bytes));
    const encoder = new TextEncoder();
    if (folder) set(FOLDER_VARIABLE, encoder.encode(folder.path));
    for (const { path, env, content, once } of this.#files) {
      const full = once ? folder!.serveOnce(path, content) : content.use((bytes) => folder!.write(path, bytes));
      if (env) set(env, encoder.encode(full));
    }
    return environment;
  }

  [Symbol.dispose](): void {
    for (const content of [...this.secrets, ...this.#contents().values()]) content.dispose();
  }

  #contents(): Map<string, Secret> {
    return new Map([
      ...[...this.#variables].map(([name, value]) => [`variable ${name}`, value] as const),
      ...this.#files.map(({ path, content, once }) => [`${once ? "pipe" : "file"} ${path}`, content] as const),
    ]);
  }
}
