/** A Kubernetes Secret (`v1`, `Opaque`): the one format here that carries any bytes. */
import { Fault } from "../fault.ts";
import { decodeBase64, encodeBase64 } from "../seal/base64.ts";
import { duplicateNames, requireNames, show, type TextEntry, toEntries } from "./checks.ts";
import type { Entry, ExportOptions } from "./interchange.ts";
import { type Member, quoteYaml, readMapping } from "./yaml.ts";

const KEY = {
  pattern: /^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/,
  hint: "use letters, digits, `-`, `_` and `.`, without `..` in front: db-password",
};
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const HINT = "give one manifest with apiVersion: v1, kind: Secret and base64 values under data";

/** Reads the `data` and `stringData` of one Secret manifest, in YAML or JSON. */
export async function parseK8s(text: string): Promise<Entry[]> {
  const manifest = await readMapping(text);
  const fields = new Map(manifest.map(({ key, value }) => [key, value]));
  const problems = duplicateNames(manifest.flatMap(({ key }) => typeof key === "string" ? [key] : []));
  if (fields.get("kind") !== "Secret" || fields.get("apiVersion") !== "v1") {
    problems.push("the file is not the manifest of one v1 Secret");
  }
  const [data, stringData] = ["data", "stringData"].map((field) => readField(field, fields.get(field), problems));
  const decoded: Entry[] = [];
  for (const { name, text } of data ?? []) {
    const value = decodeStrict(text);
    if (!KEY.pattern.test(name)) problems.push(`${show(name)} is not valid as a key of a Secret`);
    else if (value === undefined) problems.push(`${show(name)} is not base64`);
    else decoded.push({ name, value });
  }
  problems.push(...duplicateNames([...data ?? [], ...stringData ?? []].map(({ name }) => name)));
  return [...decoded, ...toEntries(stringData ?? [], problems, HINT)];
}

function readField(field: string, value: Member["value"] | undefined, problems: string[]): TextEntry[] {
  if (value === undefined || (typeof value !== "string" && value.odd === "null")) return [];
  if (typeof value === "string" || value.members === undefined) {
    problems.push(`${field} is not a mapping`);
    return [];
  }
  return value.members.flatMap(({ key, value, line }) => {
    if (typeof key === "string" && typeof value === "string") return [{ name: key, text: value }];
    problems.push(`line ${line} (in ${field}) is not a name with a text value`);
    return [];
  });
}

/** Line breaks are allowed, as Kubernetes allows them; missing padding and stray bits are not. */
function decodeStrict(text: string): Uint8Array | undefined {
  const packed = text.replace(/[\r\n]/g, "");
  const bytes = decodeBase64(packed);
  return bytes !== undefined && encodeBase64(bytes) === packed ? bytes : undefined;
}

/** Writes a Secret manifest named `options.secretName`. */
export function formatK8s(entries: readonly Entry[], options: ExportOptions): Uint8Array {
  const name = options.secretName;
  if (name === undefined || !OBJECT_NAME.test(name)) {
    throw new Fault("CONFIG", name === undefined ? "a Secret needs a name" : `${show(name)} cannot name a Secret`, {
      hint: "use lower-case letters, digits, `-` and `.`: app-secrets",
    });
  }
  requireNames("k8s", entries, KEY);
  const lines = entries.map(({ name, value }) => `  ${quoteYaml(name)}: ${quoteYaml(encodeBase64(value))}`);
  return new TextEncoder().encode([
    "apiVersion: v1",
    "kind: Secret",
    "metadata:",
    `  name: ${quoteYaml(name)}`,
    "type: Opaque",
    ...lines.length === 0 ? ["data: {}"] : ["data:", ...lines],
    "",
  ].join("\n"));
}
