import assert from "node:assert/strict";
import fc from "fast-check";
import { azureMask } from "../../../core/interchange/azure.ts";
import { GITLAB_LIMITS } from "../../../core/interchange/gitlab.ts";
import { formatEntries } from "../../../core/interchange/interchange.ts";
import { linesToMask } from "../../../core/interchange/mask_lines.ts";
import { entriesOf, hostileText, numbered, pairs, refuses, samples, text } from "./support.ts";

/** The names that the twins below know as variables, besides those of the report itself. */
const OTHERS = { HOME: "/root", id: "7", x: "y", B: "b" };

/** GitLab's rules: its own parser, its expansion of variables, then the runner's. */
function readGitlab(report: string): [string, string][] {
  const stripped = /^[\0\t\n\v\f\r ]+|[\0\t\n\v\f\r ]+$/g;
  const lines = report.split("\n");
  assert.equal(lines.pop(), "");
  const read = lines.map((line): [string, string] => {
    const [, name, value] = /^(.*?)=(.*)$/su.exec(line) ?? assert.fail("a line without a variable");
    return [name!.replace(stripped, ""), value!.replace(stripped, "")];
  });
  const known = new Map([...Object.entries(OTHERS), ...read]);
  const name = "[A-Za-z_][A-Za-z0-9_]*";
  const onServer = (value: string) =>
    value.replace(
      new RegExp(`\\$\\$|%%|\\$(${name})|\\$\\{(${name})\\}|%(${name})%`, "g"),
      (whole, a, b, c) => known.get(a ?? b ?? c) ?? whole,
    );
  const onRunner = (value: string) =>
    value.replace(
      new RegExp(`\\$(?:\\{([^}]*)\\}|(${name}|[*#$@!?0-9-]))`, "g"),
      (_, a, b) => a === "$" || b === "$" ? "$" : known.get(a ?? b) ?? "",
    );
  return read.map(([variable, value]) => [variable, onRunner(onServer(value))]);
}

/** The agent's rules: a command is one line, its data is unescaped, a secret is one line, macros are replaced. */
function readAzure(printed: string): [string, string][] {
  const lines = printed.split(/\r\n|\r|\n/);
  assert.equal(lines.pop(), "");
  const unescape = (data: string) =>
    data.replaceAll("%3B", ";").replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%5D", "]")
      .replaceAll("%AZP25", "%");
  const read = lines.map((line): [string, string] => {
    const end = line.indexOf("]");
    const [, name] = /^##vso\[task\.setvariable variable=([^;]+);issecret=true$/.exec(line.slice(0, end)) ??
      assert.fail("a line that is no command");
    const value = unescape(line.slice(end + 1));
    assert(!value.includes("\n"), "the agent refuses a secret of several lines");
    return [name!, value];
  });
  const known = new Map([...Object.entries(OTHERS), ...read]);
  return read.map(([name, value]) => [
    name,
    value.replace(/\$\(([^)]+)\)/g, (whole, other) => known.get(other) ?? whole),
  ]);
}

const READERS = { gitlab: readGitlab, azure: readAzure } as const;
/** What may be refused, said independently of the code. */
const REFUSABLE: Record<keyof typeof READERS, (value: string) => boolean> = {
  gitlab: (value) => value.includes("\n") || /^[\s]|[\s]$/.test(value) || /\$|%\w+%/.test(value),
  azure: (value) => value.includes("\n") || /\$\(.+\)/s.test(value),
};

for (const format of ["gitlab", "azure"] as const) {
  Deno.test(`formatEntries() writes ${format} that reads exactly by its rules, or refuses the value`, async () => {
    let written = 0;
    const extra = ["%AZP25", "%25%0A%5D%3B", "];x]", "$()x)", "%HOME%", "%%HOME%", "100%", "", "$(", "\rx\ry", "a\r"];
    for (const value of [...samples(1500), ...extra]) {
      const entries = numbered([value]);
      const outcome = await formatEntries(format, entries).then(text, (error) => error.code);
      if (outcome === "UNSUPPORTED") assert(REFUSABLE[format](value), `refused: ${JSON.stringify(value)}`);
      else assert.deepEqual(READERS[format](outcome), pairs(entries), JSON.stringify(value));
      if (outcome !== "UNSUPPORTED") written++;
    }
    assert(written > 500, `${written} values were written`);
  });

  Deno.test(`formatEntries() writes many values as ${format}, none of which changes another`, async () => {
    const kept = samples(400).filter((value) => !REFUSABLE[format](value));
    assert.deepEqual(READERS[format](text(await formatEntries(format, numbered(kept)))), pairs(numbered(kept)));
  });
}

Deno.test("formatEntries() lists every value that gitlab cannot carry", async () => {
  const values = { A: "hunter2\n", B: " hunter2", C: "hunter2\t", D: "hunter$2", E: "%hunter%", F: "hunter\0" };
  await refuses(
    () => formatEntries("gitlab", [...entriesOf(Object.entries({ ...values, FINE: 'h "q" #x' })), invalid("G")]),
    "UNSUPPORTED",
    ["A, B, C, D, E, F, G"],
    ["hunter", "FINE"],
  );
});

Deno.test("formatEntries() lists every value that azure cannot carry", async () => {
  const values = { A: "hunter2\nx", B: "hunter\0", C: "$(hunter)" };
  await refuses(
    () => formatEntries("azure", [...entriesOf(Object.entries({ ...values, FINE: "$hunter $() (x)" })), invalid("D")]),
    "UNSUPPORTED",
    ["A, B, C, D"],
    ["hunter", "FINE"],
  );
});

Deno.test("formatEntries() lists every name that azure and gitlab cannot spell", async () => {
  const odd = entriesOf([["a/b", "hunter2"], ["FINE", "x"], ["2fa", "x"], ["A\n", "x"]]);
  for (const format of ["gitlab", "azure"] as const) {
    await refuses(() => formatEntries(format, odd), "CONFIG", ["a/b, 2fa"], ["hunter", "FINE"]);
  }
  const reserved = ["SECRET_KEY", "secret", "Input_x", "ENDPOINT_1", "PATHS", "SecureFile"];
  await refuses(
    () => formatEntries("azure", entriesOf([...reserved, "MY_SECRET"].map((name) => [name, "x"]))),
    "CONFIG",
    [reserved.join(", ")],
    ["MY_SECRET"],
  );
  await formatEntries("gitlab", entriesOf(reserved.map((name) => [name, "x"])));
});

Deno.test("formatEntries() refuses names that are one variable in azure", async () => {
  const entries = entriesOf([["token", "hunter2"], ["TOKEN", "x"], ["OTHER", "x"], ["Db", "x"], ["dB", "x"]]);
  await refuses(() => formatEntries("azure", entries), "CONFIG", ["token and TOKEN", "Db and dB"], ["hunter", "OTHER"]);
  await formatEntries("gitlab", entries);
});

Deno.test("GITLAB_LIMITS is what a report must stay below", async () => {
  const bytes = await formatEntries("gitlab", entriesOf([["A", "x".repeat(GITLAB_LIMITS.bytes - 3)]]));
  assert.equal(bytes.length, GITLAB_LIMITS.bytes);
  assert(bytes.length < 5 * 1024);
});

Deno.test("azureMask() has the agent mask a line exactly", () => {
  fc.assert(fc.property(hostileText, (value) => {
    for (const line of linesToMask([value])) {
      const command = azureMask(line);
      assert(command.endsWith("\n") && !/[\r\n]/.test(command.slice(0, -1)));
      const [[, read]] = readAzure(command.replace("setsecret]", "setvariable variable=A;issecret=true]")) as [
        [string, string],
      ];
      if (!/\$\(/.test(line)) assert.equal(read, line);
    }
  }));
});

Deno.test("linesToMask() gives each line that is not blank, once", () => {
  assert.deepEqual(linesToMask(["one\n\n two \r\n\t\none", "", " ", "three\rfour", "one"]), [
    "one",
    " two ",
    "three\rfour",
  ]);
});

function invalid(name: string) {
  return { name, value: new Uint8Array([0x61, 0xff]) };
}
