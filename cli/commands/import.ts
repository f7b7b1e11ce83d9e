import { Fault } from "../../core/fault.ts";
import { guessFormat, IMPORT_FORMATS, type ImportFormat, parseEntries } from "../../core/interchange/interchange.ts";
import { isSecretName, type SecretName } from "../../core/name.ts";
import { Secret } from "../../core/secret.ts";
import type { NewValue } from "../../core/stack/stack.ts";
import { command, type CommonFlags } from "../command.ts";
import { readFileBytes, readStdin } from "../input.ts";

interface Flags extends CommonFlags {
  readonly format?: ImportFormat;
  readonly prefix?: string;
}

const MAX_BYTES = 64 * 1024 * 1024;

export const importCommand = command<Flags, [file: string]>({
  brief: "Seal every entry of a file",
  details:
    "A value that is stored already is left alone; another one becomes a new version. The format follows from the\n" +
    "file's name unless -f says otherwise. Of a file with something wrong in it, nothing is sealed.",
  examples: ["import .env", "import secrets.json --prefix app/", "import - -f dotenv < .env"],
  flags: {
    format: { kind: "enum", values: IMPORT_FORMATS, optional: true, brief: "The file's format" },
    prefix: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Put this in front of every name",
      placeholder: "p",
    },
  },
  aliases: { f: "format" },
  positional: {
    kind: "tuple",
    parameters: [{ parse: String, brief: "The file, or - for stdin", placeholder: "file" }],
  },
  async run({ workspace, report, host }, flags, file) {
    const format = flags.format ?? guessFormat(file);
    if (!format) {
      throw new Fault("USAGE", `the format of ${file === "-" ? "standard input" : file} is not known`, {
        hint: `say so with -f: ${IMPORT_FORMATS.join(", ")}`,
      });
    }
    const bytes = file === "-" ? await readStdin(host, MAX_BYTES) : readFileBytes(file, MAX_BYTES);
    const values = new Map<SecretName, NewValue>();
    const refused: string[] = [];
    for (const { name, value } of await parseEntries(format, bytes)) {
      const full = `${flags.prefix ?? ""}${name}`;
      if (isSecretName(full)) values.set(full, { value: new Secret(value), type: "bytes" });
      else refused.push(JSON.stringify(full));
    }
    bytes.fill(0);
    if (refused.length > 0) {
      throw new Fault("CONFIG", `not names of secrets: ${refused.join(", ")}`, {
        hint: "nothing was imported; rename them, or put something in front with --prefix",
      });
    }
    await using stack = await workspace.opened(flags);
    const outcome = await stack.persistAll(values);
    for (const { value } of values.values()) value.dispose();
    const count = (what: string) => [...outcome.values()].filter((o) => o === what).length;
    const summary = { added: count("added"), updated: count("updated"), unchanged: count("unchanged") };
    report.data({ ...summary, names: [...outcome.keys()] }, () => []);
    report.note(
      `${
        stack.isSealed ? "sealed" : "stored"
      } ${summary.added} new, ${summary.updated} updated, ${summary.unchanged} unchanged`,
    );
    if (file !== "-") report.note(`${file} still holds the plaintext: remove it, and take it out of version control`);
  },
});
