import { documentFormatOf } from "../../core/config/document.ts";
import { Fault } from "../../core/fault.ts";
import type { SetKind } from "../../core/sets/set.ts";
import { setTemplate, type TemplateFormat } from "../../core/sets/template.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import { command, type CommonFlags } from "../command.ts";

interface Flags extends CommonFlags {
  readonly output?: TemplateFormat;
}

export function createCommand(kind: SetKind) {
  const { singular, plural } = kind;
  return command<Flags, [file?: string]>({
    brief: `Write a file to make a ${singular} set from`,
    details: `Prints it without a file. An existing file is left alone. Then: coffer ${plural} apply FILE`,
    examples: [`${plural} create my${plural}.yaml`, `${plural} create --output json`],
    flags: {
      output: { kind: "enum", values: ["yaml", "json"], optional: true, brief: "The format, unless the name tells it" },
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, brief: "The file to write", placeholder: "file", optional: true }],
    },
    run({ report }, { output }, file) {
      if (file === undefined) return report.line(setTemplate(kind, output ?? "yaml").trimEnd());
      const format = output ?? documentFormatOf(file);
      if (format !== "yaml" && format !== "json") {
        throw new Fault("USAGE", "could not detect the file format from the file extension", {
          hint: "name a .yaml or .json file, or specify the format with --output",
        });
      }
      write(file, setTemplate(kind, format));
      report.note(`wrote ${file}; change it, then: coffer ${plural} apply ${file}`);
    },
  });
}

/** It may be filled with values: nobody else is to read it. */
function write(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new Fault("CONFLICT", `there is a file ${path} already`, { hint: "choose another name, or remove it" });
    }
    throw hostFault(error, path);
  }
}
