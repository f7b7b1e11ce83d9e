/** Where a value comes from: a secret of a stack, by reference, or one of Porter's five sources. */
import type { Source } from "./providers/provider.ts";
import { describeReference, type Reference } from "./reference.ts";

export type Origin = Reference | Source;

export function isSource(origin: Origin): origin is Source {
  return "kind" in origin;
}

/** Tells origins apart. Not to be shown: a literal value is in it. */
export function keyOfOrigin(origin: Origin): string {
  // No reference has a space in it.
  return isSource(origin) ? `${origin.kind} ${origin.hint}` : describeReference(origin);
}

/** For messages. The hint of `value` is the value itself. */
export function describeOrigin(origin: Origin): string {
  return isSource(origin) && origin.kind === "value" ? "value" : keyOfOrigin(origin);
}
