/**
 * Literal values of credentials: not kept in the set, as Porter does, but in a secret store, where the set finds them by
 * a key of the set's own. Parameters' values stay where they are: by declaration they are no secrets.
 */
import { hexOf } from "../crypto/bytes.ts";
import { digestSha256 } from "../crypto/hkdf.ts";
import { isSecretName, type SecretName } from "../name.ts";
import { CREDENTIALS, type SetId, type SourceSet } from "./set.ts";

/** A literal that is to be kept elsewhere. */
export interface Literal {
  readonly name: string;
  readonly key: SecretName;
  readonly text: string;
}

/** The set without literal values, and those that it had. */
export function withoutLiterals(set: SourceSet): { readonly set: SourceSet; readonly literals: readonly Literal[] } {
  const literals: Literal[] = [];
  const entries = set.entries.map((entry) => {
    const { name, source } = entry;
    if (source.kind !== "value") return entry;
    const key = literalKey(set, name);
    literals.push({ name, key, text: source.hint });
    return { name, source: { kind: "secret", hint: key } } as const;
  });
  return { set: { ...set, entries }, literals };
}

/** The keys of a set's own that it has values under. */
export function literalKeys(set: SourceSet): SecretName[] {
  return set.entries
    .filter(({ name, source }) => source.kind === "secret" && source.hint === literalKey(set, name))
    .map(({ source }) => source.hint as SecretName);
}

/** `credentials/NAMESPACE/SET/CREDENTIAL`, and without the namespace for the global one. No two have the same. */
function literalKey({ namespace, name: set }: SetId, name: string): SecretName {
  const folder = [CREDENTIALS.plural, ...(namespace === "" ? [] : [namespace]), set].join("/");
  const key = `${folder}/${name}`;
  if (isSecretName(key) && !name.includes("/") && !name.startsWith(DIGEST)) return key;
  return `${folder}/${DIGEST}${hexOf(digestSha256(new TextEncoder().encode(name)))}` as SecretName;
}

/** Of a credential whose name is no part of a secret's name, or too long for one. */
const DIGEST = "sha256-";
