import { parseSetName } from "../../core/sets/set.ts";

/** The argument that names a set. */
export const nameArgument = { parse: parseSetName, brief: "The set's name", placeholder: "name" } as const;
