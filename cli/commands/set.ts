import { withField } from "../../core/fields.ts";
import { parseFieldName } from "../../core/fields.ts";
import { Fault } from "../../core/fault.ts";
import type { SecretName } from "../../core/name.ts";
import { MAX_VALUE_BYTES } from "../../core/seal/padding.ts";
import { Secret } from "../../core/secret.ts";
import { command, type CommonFlags, type Context, parseCount, secretNameArgument, toggle } from "../command.ts";
import { readFileBytes, readStdin } from "../input.ts";

interface Flags extends CommonFlags {
  readonly fromFile?: string;
  readonly raw: boolean;
  readonly generate?: number;
  readonly field?: string;
  readonly insecureArgv: boolean;
}

const GENERATED_CHARACTERS = 32;
const MOST_GENERATED_CHARACTERS = 4096;

export const set = command<Flags, [name: SecretName, value?: string]>({
  brief: "Seal a value as a new version of a secret",
  details:
    "The value comes from stdin (one trailing newline is dropped unless --raw), from a file (exact bytes), from a\n" +
    "prompt without echo, or is generated. Older versions stay: see `coffer history`.",
  examples: [
    "set db/password",
    'printf %s "$VALUE" | coffer set db/password',
    "set tls/key --from-file key.pem",
    "set api/token --generate=40",
    "set db --field user < user.txt",
  ],
  flags: {
    fromFile: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Seal a file's exact bytes",
      placeholder: "file",
    },
    raw: toggle("Keep a trailing newline of stdin"),
    generate: {
      kind: "parsed",
      parse: parseLength,
      inferEmpty: true,
      optional: true,
      brief: "Make a random value of letters and digits (default 32)",
      placeholder: "length",
    },
    field: {
      kind: "parsed",
      parse: parseFieldName,
      optional: true,
      brief: "Set one field of the value",
      placeholder: "key",
    },
    insecureArgv: toggle("Take the value from the command line, where other users can see it"),
  },
  positional: {
    kind: "tuple",
    parameters: [
      secretNameArgument(),
      { parse: String, brief: "The value; refused without --insecure-argv", placeholder: "value", optional: true },
    ],
  },
  async run(context, flags, name, argument) {
    checkSources(flags, argument);
    await using stack = await context.workspace.opened(flags);
    const { field } = flags;
    const { writable } = stack; // before anything is asked for
    using value = await readValue(context, flags, name, argument);
    const version = field === undefined
      ? await writable.persist({ kind: "secret", hint: name }, { value, type: "bytes" })
      : await stack.changeable.change(name, (current) => withField(current, field, value, name));
    context.report.data({ name, ...(version !== undefined && { version }) }, () => []);
    context.report.note(stack.said(`${name}${field ? `#${field}` : ""}`, version));
  },
});

/** The length to generate; nothing means the default. */
function parseLength(text: string): number {
  const length = text === "" ? GENERATED_CHARACTERS : parseCount(text, 1);
  if (length <= MOST_GENERATED_CHARACTERS) return length;
  throw new Fault("USAGE", "the generated value would be too long", {
    hint: `it has at most ${MOST_GENERATED_CHARACTERS} characters`,
  });
}

function checkSources(flags: Flags, argument: string | undefined): void {
  if (argument !== undefined && !flags.insecureArgv) {
    throw new Fault(
      "USAGE",
      "a value on the command line can be read by other users and lands in the shell's history",
      {
        hint: 'pipe it in (printf %s "$VALUE" | coffer set NAME), use a prompt, or insist with --insecure-argv',
      },
    );
  }
  const sources = [argument, flags.fromFile, flags.generate].filter((source) => source !== undefined);
  if (sources.length > 1) {
    throw new Fault("USAGE", "the value can come from one source only", {
      hint: "give one of --from-file, --generate or a value",
    });
  }
}

async function readValue(
  { host, terminal }: Context,
  flags: Flags,
  name: SecretName,
  argument: string | undefined,
): Promise<Secret> {
  if (argument !== undefined) return Secret.fromText(argument);
  if (flags.generate !== undefined) return generated(flags.generate);
  if (flags.fromFile !== undefined) return new Secret(readFileBytes(flags.fromFile, MAX_VALUE_BYTES));
  if (!host.stdin.isTerminal()) {
    const bytes = await readStdin(host, MAX_VALUE_BYTES);
    return new Secret(flags.raw ? bytes : withoutNewline(bytes));
  }
  const typed = await terminal.askHidden(`Value of ${name} (not shown)`);
  if (typed) return typed;
  throw new Fault("USAGE", "there is no value", { hint: `printf %s "$VALUE" | coffer set ${name}` });
}

/** Letters and digits, so that the value needs no quoting anywhere. */
function generated(length: number): Secret {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const out = new Uint8Array(length);
  const limit = 256 - (256 % alphabet.length); // bytes above would favour the first characters
  for (let i = 0; i < length;) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte! < limit) out[i++] = alphabet.charCodeAt(byte! % alphabet.length);
  }
  return new Secret(out);
}

function withoutNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 10) return bytes;
  return bytes.subarray(0, bytes.length - (bytes.at(-2) === 13 ? 2 : 1));
}
