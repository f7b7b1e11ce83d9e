/** What `create` writes: a set with an entry for each source, to be changed in an editor. */
import { formatSetJson } from "./format.ts";
import type { SetKind, SourceSet } from "./set.ts";

export type TemplateFormat = "yaml" | "json";

export function setTemplate(kind: SetKind, format: TemplateFormat): string {
  return format === "json" ? formatSetJson(sampleOf(kind), kind) : yamlTemplate(kind);
}

function sampleOf({ singular }: SetKind): SourceSet {
  return {
    namespace: "NAMESPACE",
    name: "NAME",
    labels: { LABEL: "LABEL_VALUE" },
    entries: [
      { name: `${singular}-secret`, source: { kind: "secret", hint: `${singular}-secret` } },
      { name: `${singular}-env`, source: { kind: "env", hint: `${singular.toUpperCase()}_ENV` } },
      { name: `${singular}-path`, source: { kind: "path", hint: `$HOME/path/to/${singular}.txt` } },
      { name: `${singular}-command`, source: { kind: "command", hint: `echo ${singular}` } },
      { name: `${singular}-value`, source: { kind: "value", hint: `${singular}-value` } },
    ],
  };
}

function yamlTemplate(kind: SetKind): string {
  const { singular, plural, schemaType, versions } = kind;
  const [secret, env, path, command, value] = sampleOf(kind).entries.map(({ source }) => source.hint);
  const literal = plural === "credentials"
    ? "The value itself. It goes to the secret store when the set is applied; this file still has it."
    : "The value itself, kept as it is: not for secrets. A list or a table becomes JSON text.";
  return `# A ${singular} set. Change it, then: coffer ${plural} apply FILE
schemaType: ${schemaType}
schemaVersion: ${versions.at(-1)}
# What \`coffer run --${plural} NAME\` finds it by.
name: NAME
# Without this line: that of the command line, or of the configuration, or the global one.
namespace: NAMESPACE
# For \`coffer ${plural} list --label\`. Values are text.
labels:
  LABEL: LABEL_VALUE
# Where each ${singular} has its value from: one of secret, env, path, command and value.
${plural}:
  - name: ${singular}-secret
    source:
      # A key in the default secret store: coffer provider list
      secret: ${secret}
  - name: ${singular}-env
    source:
      # A variable of the environment.
      env: ${env}
  - name: ${singular}-path
    source:
      # A file's content.
      path: ${path}
  - name: ${singular}-command
    source:
      # What a command prints. There is no shell: words are split at spaces.
      command: ${command}
  - name: ${singular}-value
    source:
      # ${literal}
      value: ${value}
`;
}
