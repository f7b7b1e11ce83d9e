/** Rendering: a template's references replaced by values, byte for byte. */
import { concat } from "../core/crypto/bytes.ts";
import type { Template } from "../core/reference.ts";
import type { Resolved } from "../core/resolve.ts";

/** The rendered bytes, which the caller wipes. */
export function render(template: Template, resolved: Resolved): Uint8Array {
  const encoder = new TextEncoder();
  return concat(
    ...template.map((part) => typeof part === "string" ? encoder.encode(part) : resolved.of(part).reveal()),
  );
}
