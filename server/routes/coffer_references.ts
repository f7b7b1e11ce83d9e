/** What clients of `coffer/resolve` write for where a value comes from: a reference, or one of Porter's five sources. */
import * as z from "zod/mini";
import { Fault } from "../../core/fault.ts";
import type { StackName } from "../../core/name.ts";
import { parseNameOrReference, type Reference } from "../../core/reference.ts";
import type { Client } from "../session.ts";

/** https://porter.sh/docs/references/file-formats/ calls them so. */
const SOURCES = ["secret", "env", "path", "command", "value"] as const;
export type SourceKind = (typeof SOURCES)[number];

/** `name`, `name#field`, `coffer://stack/name#field`; or `{source, value}`, of which `secret` means the same. */
export const sourceSchema = z.union([z.string(), z.object({ source: z.enum(SOURCES), value: z.string() })]);

/** A reference whose stack is known. */
export interface Located extends Reference {
  readonly stack: StackName;
}

export interface Source {
  readonly kind: Exclude<SourceKind, "secret">;
  readonly value: string;
}

/** @throws {Fault} USAGE when it is no reference; what was written is not repeated, since it may be a value */
export function locate(given: z.infer<typeof sourceSchema>, current: StackName): Located | Source {
  if (typeof given !== "string" && given.source !== "secret") return { kind: given.source, value: given.value };
  const text = typeof given === "string" ? given : given.value;
  try {
    const reference = parseNameOrReference(text);
    return { ...reference, stack: reference.stack ?? current };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault("USAGE", "it is neither a secret's name nor a reference such as coffer://stack/name#field");
  }
}

export function isLocated(source: Located | Source): source is Located {
  return "name" in source;
}

/** How a token of one run has it among the names that it is limited to. */
export function runName({ stack, name }: Located): string {
  return `${stack}/${name}`;
}

/** By its policies and, for a token of one run, also by name. */
export function mayRead({ info, acl }: Client, source: Located): boolean {
  const isGiven = info.only === null || info.only.includes(runName(source));
  return isGiven && acl.allows("read", `${source.stack}/data/${source.name}`);
}
