import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Entry,
  EXPORT_FORMATS,
  type ExportFormat,
  formatEntries,
  guessFormat,
  IMPORT_FORMATS,
  type ImportFormat,
  parseEntries,
  type TextFormat,
} from "../../../core/interchange/interchange.ts";
import { bytes, entriesOf, hostileText, numbered, pairs, refuses, text } from "./support.ts";

const OPTIONS = { secretName: "app" };
/** Every format that is both read and written; dotenv has its own tests besides. */
const BOTH = IMPORT_FORMATS.filter((format): format is ImportFormat & TextFormat => EXPORT_FORMATS.includes(format));

/** What each format cannot carry, said independently of the code. dotenv: no more than this, and not all of it. */
const REFUSABLE: Record<ImportFormat, (value: string) => boolean> = {
  dotenv: (value) => value.includes("\r") || /'.*`|`.*'/s.test(value),
  json: () => false,
  yaml: () => false,
  csv: () => false,
  docker: (value) => value.includes("\n") || value.endsWith("\r"),
  tfvars: (value) => value.normalize() !== value,
  k8s: () => false,
};

for (const format of BOTH) {
  Deno.test(`parseEntries() reads back exactly what formatEntries() writes as ${format}`, async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { maxLength: 4 }), async (texts) => {
        const kept = texts.filter((value) => !REFUSABLE[format](value));
        const entries = numbered(kept);
        const written = await formatEntries(format, entries, OPTIONS);
        assert.deepEqual(pairs(await parseEntries(format, written)), pairs(entries));
        checked += kept.length;
      }),
      { numRuns: 300 },
    );
    assert(checked > 200, `${checked} values were checked`);
  });
}

for (const format of ["docker", "tfvars"] as const) {
  Deno.test(`formatEntries() refuses exactly the values that ${format} cannot carry`, async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (value) => {
        const outcome = await formatEntries(format, numbered([value])).then(() => "written", (error) => error.code);
        assert.equal(outcome, REFUSABLE[format](value) ? "UNSUPPORTED" : "written");
      }),
      { numRuns: 500 },
    );
  });
}

Deno.test("formatEntries() writes any bytes as k8s", async () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const entries = [{ name: "all", value: all }, { name: "empty", value: new Uint8Array() }];
  const read = await parseEntries("k8s", await formatEntries("k8s", entries, OPTIONS));
  assert.deepEqual(read.map(({ name, value }) => [name, [...value]]), [["all", [...all]], ["empty", []]]);
});

Deno.test("formatEntries() lists every value that is not UTF-8, in every text format", async () => {
  const entries: Entry[] = [
    { name: "ONE", value: new Uint8Array([0xff]) },
    { name: "FINE", value: bytes("hunter2") },
    { name: "TWO", value: new Uint8Array([0xed, 0xa0, 0x80]) },
  ];
  for (const format of ["dotenv", "json", "yaml", "docker", "csv", "tfvars"] as const) {
    await refuses(() => formatEntries(format, entries), "UNSUPPORTED", ["ONE, TWO"], ["FINE", "hunter2"]);
  }
});

Deno.test("formatEntries() carries NUL as json, yaml and k8s and refuses it by name elsewhere", async () => {
  const entries = entriesOf([["A", "hunter2\0"], ["B", "fine"], ["C", "\0"]]);
  for (const format of ["json", "yaml", "k8s"] as const) {
    const written = await formatEntries(format, entries, OPTIONS);
    assert.deepEqual(pairs(await parseEntries(format, written)), pairs(entries));
  }
  for (const format of ["dotenv", "shell", "docker", "csv", "tfvars"] as const) {
    await refuses(() => formatEntries(format, entries), "UNSUPPORTED", ["A, C"]);
  }
});

Deno.test("formatEntries() keeps a byte order mark that begins a value", async () => {
  for (const format of BOTH) {
    const written = await formatEntries(format, entriesOf([["A", "\ufeffx"]]), OPTIONS);
    assert.deepEqual(pairs(await parseEntries(format, written)), [["A", "\ufeffx"]], format);
  }
});

Deno.test("formatEntries() lists every name that is not an identifier, where one is needed", async () => {
  const entries = entriesOf([["db/password", "hunter2"], ["FINE", "x"], ["2fa", "x"], ["a.b", "x"], ["", "x"], [
    "A\n",
    "x",
  ]]);
  for (const format of ["dotenv", "shell", "docker", "tfvars"] as const) {
    await refuses(() => formatEntries(format, entries), "CONFIG", ["db/password, 2fa, a.b"], ["hunter", "FINE"]);
  }
  await refuses(() => formatEntries("k8s", entriesOf([["a/b", "x"], ["..", "x"]]), OPTIONS), "CONFIG", ["a/b, .."]);
});

Deno.test("formatEntries() shows no control character of a name in a message", async () => {
  await refuses(
    () => formatEntries("shell", entriesOf([["A\u001b[31m\u009b\u202e", "x"]])),
    "CONFIG",
    ["u001b", "u{9b}", "u{202e}"],
    ["\u001b", "\u009b", "\u202e"],
  );
});

Deno.test("formatEntries() refuses a name that is given twice, in every format", async () => {
  const entries = entriesOf([["A", "hunter2"], ["B", "x"], ["A", "hunter3"]]);
  for (const format of EXPORT_FORMATS.filter((format) => format !== "github")) {
    await refuses(() => formatEntries(format, entries, OPTIONS), "CONFIG", ["A"]);
  }
});

Deno.test("formatEntries() writes names with a slash as json, yaml and csv in the order given", async () => {
  const entries = entriesOf([["db/password", "x"], ["10", "ten"], ["2", "two"], ["null", "n"], ["__proto__", "p"], [
    'q"',
    "",
  ]]);
  for (const format of ["json", "yaml", "csv"] as const) {
    assert.deepEqual(pairs(await parseEntries(format, await formatEntries(format, entries))), pairs(entries), format);
  }
});

Deno.test("formatEntries() writes a Secret manifest only under a valid name", async () => {
  await refuses(() => formatEntries("k8s", []), "CONFIG");
  for (const secretName of ["", "Upper", "-a", "a..b", "a\nkind: Pod", "a".repeat(254)]) {
    await refuses(() => formatEntries("k8s", [], { secretName }), "CONFIG");
  }
  assert(text(await formatEntries("k8s", [], { secretName: "a-b.c0" })).includes('name: "a-b.c0"'));
});

Deno.test("formatEntries() refuses a docker line longer than Docker's buffer", async () => {
  await formatEntries("docker", entriesOf([["A", "x".repeat(65_533)]]));
  await refuses(() => formatEntries("docker", entriesOf([["A", "é".repeat(32_767)]])), "UNSUPPORTED", ["A"]);
});

/** Each format's own way of saying the same three things. */
const SAME: Record<Exclude<ImportFormat, "dotenv">, string> = {
  json: '\ufeff { "A" : "1\\n", "b/c":\r\n\t"\\u00e9" , "D":"" }',
  yaml: "\ufeffA: \"1\\n\"\r\nb/c: é # comment\r\nD: ''\r\n",
  csv: '\ufeffname,value\r\nA,"1\n"\r\n\r\n"b/c",é\nD,\r\n',
  docker: "\ufeffA=1\r\n  b/c=é\n# comment\n\nD=",
  tfvars: '\ufeffA = "1\\n"\r\nb-c="\\u00e9" # comment\n// comment\nD = "" // comment\n',
  k8s:
    "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata:\n  A: MQo=\n  b.c: |\n    w6\n    k=\nstringData: {D: ''}\n",
};

for (const [format, source] of Object.entries(SAME) as [ImportFormat, string][]) {
  Deno.test(`parseEntries() reads comments, blanks, line ends and escapes of ${format}`, async () => {
    const first = format === "docker" ? "1" : "1\n";
    const second = { k8s: "b.c", tfvars: "b-c" }[format as string] ?? "b/c";
    assert.deepEqual(pairs(await parseEntries(format, bytes(source))), [["A", first], [second, "é"], ["D", ""]]);
  });
}

Deno.test("parseEntries() keeps plain JSON and YAML values as they are written", async () => {
  const plain = ["1.10", "12345678901234567890", "1e3", "-0", "true", "false", "1E+2"];
  const json = `{${plain.map((value, index) => `"V${index}": ${value}`).join(",")}}`;
  assert.deepEqual(pairs(await parseEntries("json", bytes(json))), pairs(numbered(plain)));
  const yaml = [...plain, "0123", "0x1F", "YES", "no", "True", "1_000", "2001-01-01", ".inf", "+1", "a b", "12:30:45"];
  const source = yaml.map((value, index) => `V${index}: ${value}`).join("\n");
  assert.deepEqual(pairs(await parseEntries("yaml", bytes(source))), pairs(numbered(yaml)));
  assert.deepEqual(pairs(await parseEntries("yaml", bytes("010: a\n1.0: b\n1: c\nyes: d"))).map(([name]) => name), [
    "010",
    "1.0",
    "1",
    "yes",
  ]);
});

Deno.test("parseEntries() reads YAML blocks, folded lines and anchors as the yaml library does", async () => {
  const source = "A: |\n  one\n  two\nB: >-\n  one\n  two\nC: &x same\nD: *x\nE: !!str 5\nF: plain\n  folded\n";
  const values = ["one\ntwo\n", "one two", "same", "same", "5", "plain folded"];
  assert.deepEqual(pairs(await parseEntries("yaml", bytes(source))).map(([, value]) => value), values);
});

Deno.test("parseEntries() reads an empty yaml or docker file as no entries", async () => {
  for (const format of ["yaml", "docker", "tfvars", "dotenv"] as const) {
    assert.deepEqual(await parseEntries(format, bytes("# only a comment\n")), []);
    assert.deepEqual(await parseEntries(format, new Uint8Array()), []);
  }
});

/** Bad files: what is wrong with each is said by line or by name, all of it, and its values never. */
const BAD: [ImportFormat, string, string[]][] = [
  ["json", "hunter2", []],
  ["json", "", []],
  ["json", '["hunter2"]', []],
  ["json", "null", []],
  ["json", '{"A": "hunter2"', []],
  ["json", '{\n"A": "hunter2",\n hunter3}', ["line 3"]],
  ["json", '{"A": null, "B": {"A": "hunter2"}, "C": ["hunter2}"], "D": "x"}', ["A", "B", "C"]],
  ["json", '{"A": "hunter2", "B": {"A": 1}, "\\u0041": "hunter3", "B": 2, "A": 3}', [
    "A is given",
    "B is nested",
    "B is given",
  ]],
  ["json", '{"A": "\\ud800hunter2", "": "hunter2"}', ["A", "empty"]],
  ["yaml", "A: [hunter2\nB: }\n", ["line "]],
  ["yaml", "- hunter2", []],
  ["yaml", "hunter2", []],
  ["yaml", "A: hunter2\n---\nB: hunter2\n", ["more than one"]],
  ["yaml", "A:\nB: ~\nC: null\nD: {x: hunter2}\nE: [hunter2]\nF: !!binary aHVudGVyMg==\nG: !x hunter2", [..."ABCDEFG"]],
  ["yaml", "A: hunter2\n\"A\": hunter3\n1: x\n'1': y\n", ["A is", "1 is"]],
  ["yaml", "A: x\n? [hunter2]\n: x\n~: x\n", ["line 2", "line 4"]],
  ["yaml", "A: *hunter\n", ["A"]],
  ["yaml", `A: ${"[".repeat(20_000)}`, []],
  ["csv", "", ["name,value"]],
  ["csv", "A,hunter2\nB\nC,x,hunter2\n", ["name,value", "row 2", "row 3"]],
  ["csv", 'name,value\nA,"hunter2', ["line 2"]],
  ["csv", 'name,value\nA,hunter"2"\n', ["line 2"]],
  ["csv", 'name,value\nA,"hunter2"3\n', ["line 2"]],
  ["csv", "name,value\nA,hunter2\nB,\nA,hunter3\n,hunter2\n", ["A", "2, 4", "empty"]],
  ["docker", "A=1\nhunter2\n=hunter2\nB C=hunter2\nA=hunter2\n", ["line 2", "line 3", "line 4", "1, 5"]],
  ["tfvars", 'A = hunter2\nB = ["hunter2"]\nC = "hunter2\nD = "${hunter2}"\nE = "\\hunter2"\nF = <<EOT\n', [
    ...[1, 2, 3, 4, 5, 6].map((line) => `line ${line}`),
  ]],
  ["tfvars", 'A = "hunter2"\nA = "\\ud800"\nA = "hunter3"\nB = "%{hunter2}"\nC = "\\UFFFFFFFF"\nD = "x', [
    "line 2",
    "1, 3",
    "line 4",
  ]],
  ["k8s", "apiVersion: v1\nkind: ConfigMap\ndata: {A: hunter2}", ["A", "Secret"]],
  ["k8s", "kind: Secret\napiVersion: v1\ndata:\n  A: aGk\n  B: aGl=\n  C: 5\n  D: {x: hunter2}\n", [
    "A",
    "B",
    "C",
    "line 7",
  ]],
  ["k8s", "kind: Secret\napiVersion: v1\ndata: {A: aGk=, b/c: aGk=}\nstringData: {A: hunter2}", ["A is given", "b/c"]],
  ["k8s", "kind: Secret\napiVersion: v2\ndata: {A: aGk=}", ["v1"]],
  ["k8s", "kind: Secret\napiVersion: v1\ndata: hunter2\nstringData: [hunter2]", ["data", "stringData"]],
];

for (const [format, source, mentions] of BAD) {
  Deno.test(`parseEntries() refuses ${format} such as ${JSON.stringify(source.slice(0, 50))}`, async () => {
    await refuses(() => parseEntries(format, bytes(source)), "CONFIG", mentions);
  });
}

Deno.test("parseEntries() refuses bytes that are not UTF-8 and names the line", async () => {
  for (const format of IMPORT_FORMATS) {
    const source = new Uint8Array([...bytes('# é\n"hunter2'), 0xc3, 0x0a, 0x31]);
    await refuses(() => parseEntries(format, source), "CONFIG", ["line 2"]);
  }
});

Deno.test("parseEntries() and formatEntries() refuse a format that does not exist", async () => {
  for (const format of ["xml", "constructor", "__proto__", "github"]) {
    await refuses(() => parseEntries(format as ImportFormat, new Uint8Array()), "USAGE");
    await refuses(() => formatEntries(format as TextFormat, []), "USAGE");
  }
  await refuses(() => parseEntries("shell" as ImportFormat, new Uint8Array()), "USAGE");
});

Deno.test("EXPORT_FORMATS lists the formats that the command line promises", () => {
  const promised: ExportFormat[] = [
    ...["azure", "csv", "docker", "dotenv", "github", "gitlab", "json", "k8s", "shell", "tfvars", "yaml"] as const,
  ];
  assert.deepEqual([...EXPORT_FORMATS].sort(), promised);
});

Deno.test("guessFormat() goes by the file's ending and leaves the rest open", () => {
  const guesses: Record<string, ImportFormat | undefined> = {
    ".env": "dotenv",
    "a/b/.env.local": "dotenv",
    "C:\\x\\prod.env": "dotenv",
    "secrets.json": "json",
    ".env.json": "json",
    "terraform.tfvars.json": "json",
    "A.YML": "yaml",
    "a.yaml": "yaml",
    "a.csv": "csv",
    "x.auto.tfvars": "tfvars",
    "a.json/b": undefined,
    ".envrc": undefined,
    "environment": undefined,
    "-": undefined,
    "": undefined,
  };
  for (const [name, format] of Object.entries(guesses)) assert.equal(guessFormat(name), format, name);
});
