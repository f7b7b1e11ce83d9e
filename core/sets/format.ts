/** Sets as Porter writes them. */
import { quoteYaml } from "../interchange/yaml.ts";
import type { SetKind, SourceSet, StoredSet } from "./set.ts";

/** The document of a set, with its members in Porter's order; `status` only of one that is kept. */
export function setDocument(set: SourceSet | StoredSet, kind: SetKind): Record<string, unknown> {
  const { namespace, name, labels, entries } = set;
  return {
    schemaType: kind.schemaType,
    schemaVersion: kind.versions.at(-1),
    namespace,
    name,
    ...(Object.keys(labels).length > 0 && { labels: { ...labels } }),
    [kind.plural]: entries.map(({ name, source }) => ({ name, source: { [source.kind]: source.hint } })),
    ...("created" in set && { status: { created: set.created, modified: set.modified } }),
  };
}

export function formatSetJson(set: SourceSet, kind: SetKind): string {
  return `${JSON.stringify(setDocument(set, kind), undefined, 2)}\n`;
}

/**
 * What readers of YAML 1.1, as Porter is, and of 1.2 take for the same text without quotes. They differ about dates,
 * numbers, yes and no, and about which characters end a line. Some readers of 1.1 take `E0` and `e-1` for numbers.
 */
const PLAIN = /^(?!(?:true|false|yes|no|on|off|null|[yn]|e-?[\d_]+)$)[A-Za-z$_/][\w.$/-]*(?: [\w.$/-]+)*$/i;

export function formatSetYaml(set: SourceSet | StoredSet, kind: SetKind): string {
  const { namespace, name, labels, entries } = set;
  const lines = [
    `schemaType: ${kind.schemaType}`,
    `schemaVersion: ${kind.versions.at(-1)}`,
    `namespace: ${text(namespace)}`,
    `name: ${text(name)}`,
    ...(Object.keys(labels).length > 0 ? ["labels:"] : []),
    ...Object.entries(labels).map(([key, value]) => `  ${text(key)}: ${text(value)}`),
    `${kind.plural}:${entries.length === 0 ? " []" : ""}`,
    ...entries.flatMap(({ name, source }) => [
      `  - name: ${text(name)}`,
      "    source:",
      `      ${source.kind}: ${text(source.hint)}`,
    ]),
    ...("created" in set ? ["status:", `  created: ${set.created}`, `  modified: ${set.modified}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** A list of them. */
export function formatSetsYaml(sets: readonly SourceSet[], kind: SetKind): string {
  if (sets.length === 0) return "[]\n";
  return sets.map((set) => `- ${formatSetYaml(set, kind).trimEnd().replaceAll("\n", "\n  ")}\n`).join("");
}

function text(text: string): string {
  return PLAIN.test(text) ? text : quoteYaml(text);
}
