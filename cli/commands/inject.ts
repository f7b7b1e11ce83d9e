import { command, type CommonFlags, offlineFlag } from "../command.ts";
import { readFileBytes, readStdin } from "../input.ts";
import { render, templateOf } from "../template.ts";

const MAX_BYTES = 16 * 1024 * 1024;

export const inject = command<CommonFlags, [file?: string]>({
  brief: "Print a template with its coffer:// references replaced",
  details:
    "Reads stdin without a file. A reference is coffer:///name (current stack), coffer://stack/name, with #field for a\n" +
    "field; {{ coffer:///name }} says where it ends.",
  examples: ["inject app.conf.tpl", "inject < app.conf.tpl | ssh host 'cat > app.conf'"],
  flags: offlineFlag,
  positional: {
    kind: "tuple",
    parameters: [{ parse: String, brief: "The template", placeholder: "file", optional: true }],
  },
  async run({ workspace, report, host }, flags, file) {
    const bytes = file === undefined || file === "-"
      ? await readStdin(host, MAX_BYTES)
      : readFileBytes(file, MAX_BYTES);
    const template = templateOf(bytes, "the template");
    await using secrets = await workspace.secrets(flags);
    const references = template.filter((part) => typeof part !== "string");
    using resolved = await secrets.resolve(references);
    const rendered = render(template, resolved);
    report.bytes(rendered);
    rendered.fill(0);
  },
});
