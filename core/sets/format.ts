/** Sets as Porter writes them. */
import { formatYamlDocument } from "../config/yaml.ts";
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

export function formatSetYaml(set: SourceSet, kind: SetKind): Promise<string> {
  return formatYamlDocument(setDocument(set, kind));
}
