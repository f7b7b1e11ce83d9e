/** Shared by the tests of the interchange formats: hostile values, entries from text, and what a refusal must hold. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Fault, type FaultCode } from "../../../core/fault.ts";
import type { Entry } from "../../../core/interchange/interchange.ts";

/** Pieces that mean something to at least one of the formats or their readers. */
const PIECES = [
  ..."'\"`$\\#={}()<>%!:;,&|*?~@-+. \t\n\r",
  ..."anrtuxEOF019é😀",
  ...[
    "\\n",
    "\\r",
    "${",
    "$${",
    "%{",
    "%%{",
    "$(id)",
    " # ",
    "\r\n",
    "<<",
    "''",
    '""',
    "export A=",
    "\nB=",
    "--- ",
    "~",
  ],
  ...["\u0001", "\u007f", "\u0085", "\u00a0", "\u0301", "\u2028", "\u2029", "\ufeff", "\uffff", "null", "YES", "0123"],
];

/** Text that formats find hard: any mix of significant pieces, or any code points. Never NUL, which has its own tests. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...PIECES), maxLength: 14 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("\0", "")) },
);

/** The same values on every run, for readers that are asked about many at once. */
export function samples(count: number, arbitrary = hostileText): string[] {
  return fc.sample(arbitrary, { numRuns: count, seed: 20240229 });
}

export function entriesOf(values: Iterable<readonly [string, string]>): Entry[] {
  const encoder = new TextEncoder();
  return [...values].map(([name, text]) => ({ name, value: encoder.encode(text) }));
}

/** Entries named `V0`, `V1`, …. */
export function numbered(texts: readonly string[]): Entry[] {
  return entriesOf(texts.map((text, index) => [`V${index}`, text] as const));
}

/** Entries as pairs of strings, in their order. */
export function pairs(entries: readonly Entry[]): [string, string][] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return entries.map(({ name, value }) => [name, decoder.decode(value)]);
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Checks that `attempt` is refused with `code`, that the message has every one of `mentions` and none of `values`. */
export async function refuses(
  attempt: () => Promise<unknown>,
  code: FaultCode,
  mentions: readonly string[] = [],
  values: readonly string[] = ["hunter"],
): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    for (const mention of mentions) {
      assert(error.message.includes(mention), `${mention} is missing in ${error.message}`);
    }
    // The whole error, since a cause or a stack would show a value just as well.
    const shown = `${error.message}\n${error.hint}\n${error.stack}\n${Deno.inspect(error)}\n${
      Deno.inspect(error.cause)
    }`;
    for (const value of values) assert(!shown.includes(value), "a value is shown in the error");
    assert(error.hint !== undefined && error.hint.length > 0);
    return true;
  });
}

/** Whether a program can be started here; tests against a real reader are ignored without it. */
export function available(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Runs `script` in `shell` with `files` in its folder and returns the variables `V<n>` of the environment it prints. */
export async function shellVariables(
  shell: string,
  script: string,
  files: Record<string, Uint8Array>,
): Promise<Map<string, Uint8Array>> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) await Deno.writeFile(`${folder}/${name}`, content);
    const path = Deno.env.get("PATH") ?? "";
    const run = new Deno.Command(shell, { args: ["-c", script], cwd: folder, clearEnv: true, env: { PATH: path } });
    const { code, stdout, stderr } = await run.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(new TextDecoder().decode(stderr), "");
    return splitEnvironment(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function splitEnvironment(output: Uint8Array): Map<string, Uint8Array> {
  const variables = new Map<string, Uint8Array>();
  for (let from = 0, end = output.indexOf(0); end >= 0; from = end + 1, end = output.indexOf(0, from)) {
    const sign = output.indexOf(0x3d, from);
    const name = new TextDecoder().decode(output.subarray(from, sign));
    if (/^V\d+$/.test(name)) variables.set(name, output.slice(sign + 1, end));
  }
  return variables;
}
