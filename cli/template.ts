/** Templates: bytes read as text with references, and the references replaced by values, byte for byte. */
import { concat } from "../core/crypto/bytes.ts";
import { Fault } from "../core/fault.ts";
import { parseTemplate, type Template } from "../core/reference.ts";
import type { Resolved } from "../core/resolve.ts";

/** @param name what to call it in errors; @throws {Fault} CONFIG when it is not text, USAGE for a broken reference */
export function templateOf(bytes: Uint8Array, name: string): Template {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault("CONFIG", `${name} is not UTF-8 text`);
  }
  return parseTemplate(text);
}

/** The rendered bytes, which the caller wipes. */
export function render(template: Template, resolved: Resolved): Uint8Array {
  const encoder = new TextEncoder();
  return concat(
    ...template.map((part) => typeof part === "string" ? encoder.encode(part) : resolved.of(part).reveal()),
  );
}
