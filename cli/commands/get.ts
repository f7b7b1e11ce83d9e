import { Fault } from "../../core/fault.ts";
import { fieldOf, parseFieldName } from "../../core/fields.ts";
import type { SecretName } from "../../core/name.ts";
import type { ProvidedValue } from "../../core/providers/provider.ts";
import { encodeBase64 } from "../../core/seal/base64.ts";
import type { Secret } from "../../core/secret.ts";
import { parseJsonExactly } from "../../core/stack/kv/json.ts";
import { command, type CommonFlags, type Context, offlineFlag, parseCount, secretNameArgument } from "../command.ts";
import type { OpenedStack } from "../opened_stack.ts";
import type { Report } from "../report.ts";
import type { Secrets } from "../secrets.ts";

interface Flags extends CommonFlags {
  readonly version?: number;
  readonly field?: string;
}

export const get = command<Flags, [name: SecretName]>({
  brief: "Print a secret's value",
  details: "Prints the exact bytes; a newline is added only on a terminal.",
  examples: ["get db/password", "get db/password --version 3", "get db --field user", "get db/password --json"],
  flags: {
    ...offlineFlag,
    version: {
      kind: "parsed",
      parse: (text: string) => parseCount(text, 1),
      optional: true,
      brief: "An older version",
      placeholder: "number",
    },
    field: {
      kind: "parsed",
      parse: parseFieldName,
      optional: true,
      brief: "One field of the value",
      placeholder: "key",
    },
  },
  positional: { kind: "tuple", parameters: [secretNameArgument()] },
  async run(context, flags, name) {
    const { workspace, report } = context;
    const served = await workspace.served(flags);
    if (served) return await getServed(context, flags, name, served);
    await using stack = await workspace.opened(flags);
    const opened = await valueIn(stack, name, flags.version);
    using whole = opened.value;
    using value = flags.field === undefined ? whole.copy() : fieldOf(opened, flags.field, name);
    if (flags.json) {
      const { version, created, type } = opened;
      const about = {
        name,
        ...(flags.field !== undefined && { field: flags.field }),
        ...(version !== undefined && { version }),
        ...(created !== undefined && { created }),
      };
      report.data({ ...about, ...jsonValue(value, flags.field === undefined && type === "json") }, () => []);
    } else {
      print(value, report);
    }
  },
});

/** @throws {Fault} NOT_FOUND; UNSUPPORTED where no versions are kept, and one is asked for */
async function valueIn(stack: OpenedStack, name: SecretName, version: number | undefined): Promise<ProvidedValue> {
  if (version !== undefined || stack.isSealed) return await stack.versioned.at(name, version);
  const [found] = await stack.provider.resolve([{ kind: "secret", hint: name }]);
  if (found instanceof Fault) throw found;
  return found!;
}

/** Where clients have values only, and only the newest. */
async function getServed({ report }: Context, flags: Flags, name: SecretName, served: Secrets): Promise<void> {
  if (flags.version !== undefined) {
    throw new Fault("UNSUPPORTED", "a server resolves to the newest version only", {
      hint: "get older ones where the stack is, or unset COFFER_ADDR",
    });
  }
  const reference = { stack: undefined, name, field: flags.field };
  using resolved = await served.resolve([reference]);
  const value = resolved.of(reference);
  if (!flags.json) return print(value, report);
  report.data({ name, ...(flags.field !== undefined && { field: flags.field }), ...jsonValue(value, false) }, () => []);
}

function print(value: Secret, report: Report): void {
  value.use((bytes) => report.bytes(bytes));
  if (report.stdoutIsTerminal) report.line("");
}

/** Text as `value`, bytes that are not text as `base64`, an object with fields as `fields`, its numbers as they were written. */
function jsonValue(value: Secret, hasFields: boolean): Record<string, unknown> {
  let text: string;
  try {
    text = value.revealText();
  } catch {
    return { base64: value.use(encodeBase64) };
  }
  return hasFields ? { fields: parseJsonExactly(text) } : { value: text };
}
