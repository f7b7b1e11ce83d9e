/** Names of secrets, stacks and environment variables: parsed once at the edge into types that cannot be wrong. */
import { Fault } from "./fault.ts";

declare const brand: unique symbol;

/** Segments of `[A-Za-z0-9_][A-Za-z0-9._-]*` joined by `/`, at most 255 bytes. Never a file path. */
export type SecretName = string & { readonly [brand]: "SecretName" };
/** `[a-z0-9][a-z0-9_-]*`, at most 64 bytes. Lower case, so that two stacks never share a folder on any file system. */
export type StackName = string & { readonly [brand]: "StackName" };
/** `[A-Za-z_][A-Za-z0-9_]*`: what every shell accepts as a variable. */
export type EnvName = string & { readonly [brand]: "EnvName" };

export const MAX_NAME_BYTES = 255;
const SECRET = /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const STACK = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const ENV = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isSecretName(text: string): text is SecretName {
  return text.length <= MAX_NAME_BYTES && SECRET.test(text);
}

/** @throws {Fault} USAGE when `text` is not a secret's name */
export function parseSecretName(text: string): SecretName {
  if (isSecretName(text)) return text;
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a secret's name`, {
    hint: "use letters, digits, `_`, `-` and `.`, with `/` between segments (at most 255 bytes): db/password",
  });
}

export function isStackName(text: string): text is StackName {
  return STACK.test(text);
}

/** @throws {Fault} USAGE when `text` is not a stack's name */
export function parseStackName(text: string): StackName {
  if (isStackName(text)) return text;
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a stack's name`, {
    hint: "use lower-case letters, digits, `_` and `-` (at most 64): staging-eu",
  });
}

export function isEnvName(text: string): text is EnvName {
  return ENV.test(text);
}

/** @throws {Fault} USAGE when `text` is not an environment variable's name */
export function parseEnvName(text: string): EnvName {
  if (isEnvName(text)) return text;
  throw new Fault("USAGE", `${JSON.stringify(text)} is not an environment variable's name`, {
    hint: "use letters, digits and `_`, not starting with a digit: DB_PASSWORD",
  });
}

/**
 * The variable a value is injected as when nothing else is said: a name that is an identifier already is used as it
 * is; otherwise upper-cased with every other character `_` (`db/password` → `DB_PASSWORD`, `2fa` → `_2FA`).
 */
export function envNameOf(name: string): EnvName {
  if (isEnvName(name)) return name;
  const mapped = name.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
  return (/^[0-9]/.test(mapped) ? `_${mapped}` : mapped) as EnvName;
}
