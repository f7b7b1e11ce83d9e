import assert from "node:assert/strict";
import { parse as npmDotenv } from "dotenv";
import fc from "fast-check";
import { formatEntries, parseEntries } from "../../../core/interchange/interchange.ts";
import { bytes, entriesOf, hostileText, numbered, pairs, refuses, samples, shellVariables, text } from "./support.ts";

const CORPUS = new URL("./corpus/", import.meta.url);

interface Case<T> {
  readonly name: string;
  readonly source: Uint8Array;
  readonly expected: T;
}

function load<T>(folder: URL, least: number): Case<T>[] {
  const files = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".env")).map(({ name }) => name)
    .sort();
  // A corpus that went missing would pass every test.
  assert(files.length >= least, `${files.length} files in the corpus`);
  return files.map((name) => ({
    name,
    source: Deno.readFileSync(new URL(name, folder)),
    expected: JSON.parse(Deno.readTextFileSync(new URL(name.replace(/\.env$/, ".json"), folder))),
  }));
}

/** What a shell can read as well, said independently of the code: one kind of quotes fits, and no carriage return. */
function suitsShells(value: string): boolean {
  return !value.includes("\r") && (!value.includes("'") || !/["$`\\]/.test(value));
}

for (const { name, source, expected } of load<Record<string, string>>(CORPUS, 8)) {
  Deno.test(`parseEntries() reads the corpus file ${name} as the dotenv library does`, async () => {
    const entries = await parseEntries("dotenv", source);
    assert.deepEqual(pairs(entries), Object.entries(expected));
    assert.deepEqual(npmDotenv(new TextDecoder().decode(source)), expected);
  });

  Deno.test(`formatEntries() writes the corpus file ${name} for the dotenv library and for bash`, async () => {
    const entries = (await parseEntries("dotenv", source)).map((entry, index) => ({ ...entry, name: `V${index}` }));
    const written = await formatEntries("dotenv", entries);
    const values = pairs(entries);
    assert.deepEqual(npmDotenv(text(written)), Object.fromEntries(values));
    const shared = values.filter(([, value]) => suitsShells(value));
    const file = await formatEntries("dotenv", entriesOf(shared));
    const read = await shellVariables("bash", "set -a; . ./file; env -0", { file });
    assert.deepEqual(shared, shared.map(([name]) => [name, text(read.get(name) ?? bytes("unset"))]));
  });
}

for (const { name, source, expected } of load<{ mentions: string[] }>(new URL("refused/", CORPUS), 8)) {
  Deno.test(`parseEntries() refuses ${name} and names every line that is wrong`, async () => {
    await refuses(() => parseEntries("dotenv", source), "CONFIG", expected.mentions);
  });
}

Deno.test("parseEntries() reports different kinds of problems of a .env file together", async () => {
  const source = bytes("A=1\nhunter2\nB='hunter2\nA=2\nC=hunter2#x\n");
  await refuses(() => parseEntries("dotenv", source), "CONFIG", ["line 2", "line 3 (B)", "lines 1, 4", "line 5 (C)"]);
});

Deno.test("parseEntries() does not accept a .env file that the dotenv library reads otherwise", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(hostileText, fc.constantFrom("A=", "\nB='", "C: x\n", "\\'\n"))),
      async (parts) => {
        const source = `A='1'\nB=${parts.join("")}`;
        const entries = await parseEntries("dotenv", bytes(source)).catch((error) => {
          assert.equal(error.code, "CONFIG");
          return undefined;
        });
        if (entries !== undefined) assert.deepEqual(Object.fromEntries(pairs(entries)), { ...npmDotenv(source) });
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("formatEntries() writes dotenv that parseEntries() and both dotenv parsers read back exactly", async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(hostileText, { minLength: 1, maxLength: 5 }), async (texts) => {
      const entries = numbered(texts);
      const written = await formatEntries("dotenv", entries).catch((error) => {
        assert.equal(error.code, "UNSUPPORTED");
        // Only a value with a carriage return, or with every kind of quotes, may be beyond the format.
        assert(texts.some((value) => value.includes("\r") || /'.*`|`.*'/s.test(value)));
        return undefined;
      });
      if (written === undefined) return;
      checked++;
      const expected = Object.fromEntries(pairs(entries));
      assert.deepEqual(Object.fromEntries(pairs(await parseEntries("dotenv", written))), expected);
      assert.deepEqual({ ...npmDotenv(text(written)) }, expected);
      assert.deepEqual({ ...npmDotenv(text(written), { fast: true }) }, expected);
    }),
    { numRuns: 500 },
  );
  assert(checked > 250, `${checked} files were checked`);
});

for (const shell of ["bash", "dash", "sh"]) {
  Deno.test(`formatEntries() writes dotenv that ${shell} reads exactly when one spelling suits both`, async () => {
    const values = [...samples(400), ...SHARED].filter(suitsShells);
    const file = await formatEntries("dotenv", numbered(values));
    assert(!text(file).startsWith("#"));
    const read = await shellVariables(shell, "set -a; . ./file; env -0", { file });
    assert.deepEqual(values.map((_, index) => text(read.get(`V${index}`) ?? bytes("unset"))), values);
  });
}

const SHARED = [
  "",
  " ",
  "it's",
  "it's\nfine",
  'say "hi"',
  "$HOME",
  "`id`",
  "$(id)",
  "\\",
  "C:\\dir\\",
  "a\\n",
  "#",
  "a\n",
  "!",
];

Deno.test("formatEntries() names in a comment the dotenv values that a shell would read otherwise", async () => {
  const values = ["plain", "it's $HOME", "a\r\nb", 'it\'s "both"', "it's"];
  const written = text(await formatEntries("dotenv", numbered(values)));
  const comment = written.split("\n")[0] ?? "";
  assert(comment.startsWith("#"));
  assert.deepEqual(comment.match(/V\d/g), ["V1", "V2", "V3"]);
});

Deno.test("formatEntries() keeps a value that ends in a backslash from swallowing the next one in dotenv", async () => {
  const values = ["C:\\", " # x", "\\", "\nfoo", "it's\\", ' # "', "it's \"\\", " # `", "", "' `\\"];
  const written = await formatEntries("dotenv", numbered(values));
  assert.deepEqual(Object.values(npmDotenv(text(written))), values);
  assert.deepEqual(pairs(await parseEntries("dotenv", written)).map(([, value]) => value), values);
});

Deno.test("formatEntries() refuses what dotenv cannot carry and lists every name", async () => {
  const entries = [
    ...entriesOf([["OK", "hunter2"], ["NUL", "hunter2\0"], ["CR", "hunter2\r\\n"], ["QUOTES", "hunter2'\"`\n"], [
      "START",
      "'\"`hunter2",
    ]]),
    { name: "BYTES", value: new Uint8Array([0x68, 0xff]) },
  ];
  await refuses(() => formatEntries("dotenv", entries), "UNSUPPORTED", ["NUL, CR, QUOTES, START, BYTES"]);
});

Deno.test("formatEntries() refuses a dotenv value too long for the library to read back", async () => {
  const value = new Uint8Array(16_000_000).fill(0x61);
  await refuses(() => formatEntries("dotenv", [{ name: "LONG", value }]), "UNSUPPORTED", ["LONG"]);
});
