/**
 * Sessions in documents: what a reader would type and see, run as it stands.
 *
 * A fenced block marked `console` holds commands on lines that begin with `$ ` (a backslash at the end continues one on
 * the next line) and what they print, stdout and stderr alike, below each. `…`, `[…]` and `[..]` stand for any text in a
 * line; alone on a line, for any number of lines. All blocks of a document are one session in one shell.
 */
import type { Coffer } from "../fixture/coffer_cli.ts";

export interface Step {
  readonly command: string;
  /** What it prints. */
  readonly expected: readonly string[];
  /** In the document, counted from 1. */
  readonly line: number;
}

const WILDCARD = /\[…\]|\[\.\.\]|…/;

/** The commands of a document, in order. @throws on a block that is not closed or does not begin with a command */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = [];
  let step: { command: string; expected: string[]; line: number } | undefined;
  let fence: string | undefined;
  let isSession = false;
  for (const [i, line] of markdown.split("\n").entries()) {
    const mark = /^ *(```+|~~~+)(.*)$/.exec(line);
    if (fence === undefined) {
      if (mark) [fence, isSession, step] = [mark[1]!, mark[2]!.trim() === "console", undefined];
    } else if (mark && mark[1] === fence && mark[2]!.trim() === "") {
      fence = undefined;
    } else if (isSession) {
      if (step && step.expected.length === 0 && step.command.endsWith("\\")) {
        step.command += `\n${line}`;
      } else if (line.startsWith("$ ")) {
        steps.push(step = { command: line.slice(2), expected: [], line: i + 1 });
      } else if (step) {
        step.expected.push(line);
      } else {
        throw new Error(`line ${i + 1}: a session begins with a command: $ …`);
      }
    }
  }
  if (fence !== undefined) throw new Error("a block is not closed");
  return steps;
}

/** Runs a session in the fixture's project. Returns what went otherwise than it says, in words; empty when nothing did. */
export async function runSession(coffer: Coffer, steps: readonly Step[]): Promise<string[]> {
  const outputs = `${coffer.root}/session`;
  const command = coffer.command([]).map((word) => `'${word}'`).join(" ");
  coffer.file(`${outputs}/bin/coffer`, `#!/bin/sh\nexec ${command} "$@"\n`, 0o755);
  const script = steps.map(({ command }, i) => {
    // Made here, private: a command may refuse to print plaintext to a file that others can read.
    coffer.file(`${outputs}/${i}`, "");
    return `{\n${command}\n} > '${outputs}/${i}' 2>&1 < /dev/null\nprintf %s "$?" > '${outputs}/${i}.code'\n`;
  }).join("");
  await new Deno.Command("bash", {
    args: ["--norc", coffer.file(`${outputs}/script`, script)],
    cwd: coffer.project,
    env: coffer.environment({ COFFER_PASSPHRASE: undefined, PATH: `${outputs}/bin:${coffer.env["PATH"]}` }),
    clearEnv: true,
    detached: true,
  }).output();
  const failures: string[] = [];
  for (const [i, step] of steps.entries()) {
    const code = readIfPresent(`${outputs}/${i}.code`);
    const problem = code === undefined
      ? "the session ended before or in this command"
      : problemWith(step, Deno.readTextFileSync(`${outputs}/${i}`), Number(code));
    if (problem !== undefined) failures.push(`line ${step.line}: $ ${step.command}\n${problem}`);
  }
  return failures;
}

function problemWith({ expected }: Step, actual: string, code: number): string | undefined {
  if (!matches(expected, actual)) return `expected:\n${expected.join("\n")}\nactual:\n${actual}`;
  // A failure that prints nothing would look like a success to the reader.
  if (code !== 0 && expected.length === 0) return `it exited with ${code}`;
  return undefined;
}

/** Whether the output is what is expected. A line end at its very end may be missing. */
export function matches(expected: readonly string[], actual: string): boolean {
  const pattern = expected.map((line) => {
    if (WILDCARD.exec(line)?.[0] === line.trim()) return "(?:.*\\n)*?";
    return `${line.split(new RegExp(WILDCARD, "g")).map(RegExp.escape).join(".*")}\\n`;
  });
  const whole = actual === "" || actual.endsWith("\n") ? actual : `${actual}\n`;
  return new RegExp(`^${pattern.join("")}$`).test(whole);
}

function readIfPresent(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
