/**
 * JSON objects as secrets hold them. A number is kept as it was written: as a JavaScript number, a long one (an
 * account's, say) would be another one after a read and a write.
 */
import { Fault } from "../../fault.ts";
import { Secret } from "../../secret.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Newer than the library's types: https://github.com/tc39/proposal-json-parse-with-source */
interface JsonWithSource {
  rawJSON?(text: string): unknown;
  isRawJSON?(value: unknown): boolean;
}
type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const withSource = JSON as JsonWithSource;
/** More levels than any configuration has, and far fewer than what goes down them here can take. */
const MOST_LEVELS = 300;

const keepNumber: Reviver = (_key, value, context) => {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return withSource.rawJSON?.(source) ?? value;
};

/** Parses JSON text, with numbers that JavaScript would change as `JSON.rawJSON`. @throws {SyntaxError} which quotes it */
export function parseJsonExactly(text: string): unknown {
  return JSON.parse(text, keepNumber);
}

/**
 * Parses a JSON object, with numbers that JavaScript would change as `JSON.rawJSON`.
 * @throws {Fault} USAGE when it is none, or is nested too deep
 */
export function parseJsonObject(text: Secret): JsonObject {
  let parsed: unknown;
  try {
    parsed = parseJsonExactly(text.revealText());
  } catch {
    throw notAnObject(); // without the cause: V8's message quotes the text
  }
  if (!isJsonObject(parsed)) throw notAnObject();
  let level: unknown[] = [parsed];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) throw notAnObject();
    level = level.flatMap((value) => typeof value === "object" && value !== null ? Object.values(value) : []);
  }
  return parsed;
}

export function writeJson(value: JsonObject): Secret {
  return Secret.fromText(JSON.stringify(value));
}

/** Whether it has members, as seen by JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !withSource.isRawJSON?.(value);
}

/** JSON merge patch: RFC 7396 §2. */
export function mergePatch(target: unknown, patch: JsonObject): JsonObject {
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isJsonObject(value) ? mergePatch(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

/**
 * An object's keys without their values: each with null, or with the same of an object that is not empty.
 * @param depth how many levels there may be; 0: any number
 */
export function subkeysOf(value: JsonObject, depth: number, level = 1): JsonObject {
  const goesOn = depth === 0 || level < depth;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const hasKeys = isJsonObject(inner) && Object.keys(inner).length > 0;
      return [key, goesOn && hasKeys ? subkeysOf(inner, depth, level + 1) : null];
    }),
  );
}

function notAnObject(): Fault {
  return new Fault("USAGE", `the data is not a JSON object of at most ${MOST_LEVELS} levels`, {
    hint: 'it looks like {"password": "…"}',
  });
}
