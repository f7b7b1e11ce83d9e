/** `coffer.toml`: what a project's command needs, so that nothing has to be chosen on the line (docs/project-file.md). */
import { Fault } from "../core/fault.ts";
import type { Reference, Template } from "../core/reference.ts";
import { type Check, checkFile, checkTemplate, checkVariable, type Surroundings } from "../core/requirements/check.ts";
import type { Requirements, TemplateFile } from "../core/requirements/requirements.ts";
import { hasRules } from "../core/requirements/rules.ts";
import { unmetRequirements } from "../core/requirements/unmet.ts";
import type { Resolved } from "../core/resolve.ts";
import { foldersUpFrom } from "../core/stack/project.ts";
import { readGuarded } from "../core/store/file_guard.ts";
import type { Host } from "./host.ts";
import { readFileBytes } from "./input.ts";
import { bindFile, requireDistinct, type Selection } from "./runner/selection.ts";
import type { Secrets } from "./secrets.ts";
import { templateOf } from "./template.ts";

export const PROJECT_FILE = "coffer.toml";
const MAX_BYTES = 1024 * 1024;
const MAX_TEMPLATE_BYTES = 16 * 1024 * 1024;

interface ReadTemplate {
  readonly declared: TemplateFile;
  /** Undefined when there is no such file. */
  readonly template: Template | undefined;
}

export class ProjectFile {
  /** The file itself, and the templates: what it depends on besides secrets. */
  readonly inputs: readonly string[];
  readonly #requirements: Requirements;
  readonly #templates: readonly ReadTemplate[];

  private constructor(path: string, requirements: Requirements) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const inputs = requirements.templates.map(({ input }) => `${folder}/${input}`);
    this.inputs = [path, ...inputs];
    this.#requirements = requirements;
    this.#templates = requirements.templates.map((declared, i) => ({ declared, template: readTemplate(inputs[i]!) }));
    // Here, so that `check` finds it too.
    const bindings = requirements.variables.map(({ name, from = "" }) => ({ env: name, from }));
    requireDistinct(bindings, requirements.files.map(bindFile));
  }

  /**
   * The nearest one from the working directory upwards. It can name any secret, and set `PATH`: so it has to be the
   * user's own, as what is in `.coffer/` has to be, and not one that somebody has put into a folder above.
   * @throws {Fault} DENIED for a link and for what others own or can change; CONFIG or CONFLICT for what it says
   */
  static async find(host: Host): Promise<ProjectFile | undefined> {
    for (const folder of foldersUpFrom(host.cwd)) {
      const path = `${folder}/${PROJECT_FILE}`;
      const bytes = readGuarded(path, "sealed", MAX_BYTES);
      if (!bytes) continue;
      const { parseRequirements } = await import("../core/requirements/parse.ts");
      return new ProjectFile(path, parseRequirements(decode(bytes, path), path));
    }
    return undefined;
  }

  /** Whether the command is to get files, and not only variables. */
  get hasFiles(): boolean {
    return this.#requirements.files.length + this.#requirements.templates.length > 0;
  }

  get references(): Reference[] {
    const { variables, files } = this.#requirements;
    return [
      ...variables.map(({ from }) => from).filter((from) => typeof from === "object"),
      ...files.map(({ from }) => from),
      ...this.#templates.flatMap(({ template = [] }) => template.filter((part) => typeof part !== "string")),
    ];
  }

  /** The references that can be checked only once they are opened: their values have rules, or have to have a field. */
  get opened(): Reference[] {
    const ruled = new Set(this.#requirements.variables.filter(({ rules }) => hasRules(rules)).map(({ from }) => from));
    return this.references.filter((reference) => reference.field !== undefined || ruled.has(reference));
  }

  check(around: Surroundings): Check[] {
    const { variables, files } = this.#requirements;
    return [
      ...variables.map((variable) => checkVariable(variable, around).check),
      ...files.map((file) => checkFile(file, around)),
      ...this.#templates.flatMap(({ declared, template }) => checkTemplate(declared, template, around)),
    ];
  }

  /**
   * Looks up and checks what the command is to get.
   * @throws {Fault} NOT_FOUND or CONFIG naming everything that is missing or not valid
   */
  async lookUp(host: Host, secrets: Secrets): Promise<{ selection: Selection; resolved: Resolved }> {
    const resolved = await secrets.lookUp(this.references);
    try {
      const valueOf = (reference: Reference) => resolved.find(reference);
      const has = (reference: Reference) => valueOf(reference) !== undefined;
      return { selection: this.#select({ has, valueOf, environment: environmentOf(host) }), resolved };
    } catch (error) {
      resolved[Symbol.dispose]();
      throw error;
    }
  }

  #select(around: Surroundings): Selection {
    const unmet = unmetRequirements(this.check(around), PROJECT_FILE);
    if (unmet) throw unmet;
    const { variables, files } = this.#requirements;
    return {
      bindings: variables.flatMap((variable) => {
        const { gets } = checkVariable(variable, around);
        return gets === undefined ? [] : [{ env: variable.name, from: gets }];
      }),
      files: files.filter(({ from }) => around.has(from)).map(bindFile),
      templates: this.#templates.map(({ declared, template = [] }) => ({ template, path: declared.path })),
    };
  }
}

/** @throws {Fault} UNSUPPORTED when the variable is not text */
export function environmentOf(host: Host): Surroundings["environment"] {
  return (name) => {
    try {
      return host.env(name);
    } catch {
      throw new Fault("UNSUPPORTED", `${name} in the environment is not UTF-8 text`, {
        hint: `unset it, or take it out of ${PROJECT_FILE}: the command gets it anyway`,
      });
    }
  };
}

function readTemplate(path: string): Template | undefined {
  try {
    return templateOf(readFileBytes(path, MAX_TEMPLATE_BYTES), `the template ${path}`);
  } catch (error) {
    if (error instanceof Fault && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Fault("CONFIG", `${path} is not UTF-8 text`, { hint: "save the file as UTF-8" });
  }
}
