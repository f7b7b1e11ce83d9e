/** What a command needs, as a project file declares it (docs/project-file.md). */
import type { EnvName } from "../name.ts";
import type { Reference } from "../reference.ts";
import type { Rules } from "./rules.ts";

export interface Requirements {
  readonly variables: readonly Variable[];
  readonly files: readonly SecretFile[];
  readonly templates: readonly TemplateFile[];
}

/** A variable of the command's environment. */
export interface Variable {
  readonly name: EnvName;
  /** A secret, or text that the project file itself has; undefined for the caller's own variable of that name. */
  readonly from: Reference | string | undefined;
  /** Used when there is nothing at the origin; keeps the rules. */
  readonly default: string | undefined;
  /** Whether there has to be a value. */
  readonly required: boolean;
  readonly rules: Rules;
}

/** A file in the private folder, and the secret in it. */
export interface SecretFile {
  /** Relative to the private folder. */
  readonly path: string;
  readonly from: Reference;
  readonly required: boolean;
}

/** A file in the private folder, rendered from a template. */
export interface TemplateFile {
  /** Relative to the private folder. */
  readonly path: string;
  /** The template, relative to the project file's folder. */
  readonly input: string;
}
