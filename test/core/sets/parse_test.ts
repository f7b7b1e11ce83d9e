import assert from "node:assert/strict";
import fc from "fast-check";
import { type DocumentFormat, documentFormatOf, parseDocument } from "../../../core/config/document.ts";
import { SOURCE_KINDS } from "../../../core/providers/provider.ts";
import { formatSetJson, formatSetYaml } from "../../../core/sets/format.ts";
import { parseSet } from "../../../core/sets/parse.ts";
import { CREDENTIALS, PARAMETERS, type SetKind, type SourceSet } from "../../../core/sets/set.ts";
import { setTemplate } from "../../../core/sets/template.ts";
import { assertFault } from "../../fixture/assert_fault.ts";

const PORTER = `${import.meta.dirname}/../../vectors/porter`;

async function read(text: string, kind: SetKind, format: DocumentFormat = "yaml"): Promise<SourceSet> {
  return parseSet(await parseDocument(text, format, "file", "unambiguous"), kind, "file");
}

async function porters(name: string, kind: SetKind): Promise<SourceSet> {
  return await read(Deno.readTextFileSync(`${PORTER}/${name}`), kind, documentFormatOf(name));
}

/** `NAME KIND HINT` of each entry. */
const entries = (set: SourceSet) => set.entries.map(({ name, source }) => `${name} ${source.kind} ${source.hint}`);

Deno.test("parseSet() reads Porter's own files", async () => {
  const ofTemplate = (one: string) => [
    `${one}-path path /path/to/${one}-path-file.txt`,
    `${one}-command command echo '${one} command'`,
    `${one}-env env ${one.toUpperCase()}_ENV`,
    `${one}-value value ${one}value`,
    `${one}-secret secret ${one}-secret`,
  ];
  for (const [kind, one] of [[CREDENTIALS, "credential"], [PARAMETERS, "parameter"]] as const) {
    for (const extension of ["yaml", "json"]) {
      const set = await porters(`${one}-set.${extension}`, kind);
      assert.deepEqual([set.namespace, set.name, { ...set.labels }], ["NAMESPACE", "NAME", { LABEL: "LABEL_VALUE" }]);
      assert.deepEqual(entries(set), ofTemplate(one));
    }
  }
  for (const name of ["kool-kreds.yaml", "kool-kreds.json"]) {
    const set = await porters(name, CREDENTIALS);
    assert.deepEqual([set.namespace, set.name, set.entries.length], ["dev", "kool-kreds", 4]);
  }
  assert.deepEqual(entries(await porters("mypset.yaml", PARAMETERS)), ["foo secret foo_secret"]);
  assert.deepEqual(entries(await porters("myenv-parameters.yaml", PARAMETERS)), ["logLevel value debug"]);
  assert.deepEqual(entries(await porters("myenv-credentials.yaml", CREDENTIALS)), ["token value MYCLOUDPROVIDERTOKEN"]);
});

Deno.test("parseSet() takes a parameter's value as the text that it is, or as JSON text", async () => {
  const native = JSON.parse(Deno.readTextFileSync(`${PORTER}/paramset-native.json`));
  const set = await read(JSON.stringify({ schemaVersion: "1.1.0", ...native }), PARAMETERS, "json");
  assert.deepEqual(entries(set), [
    "string value abc123",
    "number value 3.1415",
    "integer value 3",
    "boolean value true",
    'array value [1,"a",3.1415,[2,"b"],{"c":3},false]',
    'object value {"items":["a","b","c",1,2,3],"valid":true}',
  ]);
  const ordered = await read(
    "schemaVersion: 1.1.0\nname: n\nparameters: [{name: a, source: {value: {b: 1, a: {d: x, c: y}}}}]",
    PARAMETERS,
  );
  assert.deepEqual(entries(ordered), ['a value {"a":{"c":"y","d":"x"},"b":1}']);
});

Deno.test("a number that Porter's reader would take for another is to be put in quotes", async () => {
  const parameters = (value: string) =>
    read(`schemaVersion: 1.1.0\nname: n\nparameters: [{name: a, source: {value: ${value}}}]`, PARAMETERS);
  for (const value of ["8080", "-1", "3.5", "[1, 2.5]", '"1.10"', "2001-01-01"]) await parameters(value);
  for (const value of ["1.10", "0123", "0x1F", "1e3", "+1", "1.0", ".5", "[0123]", "12345678901234567890", ".nan"]) {
    await assertFault("CONFIG", () => parameters(value));
  }
});

Deno.test("parseSet() says what Porter says of another schema, in Porter's words", async () => {
  const told = async (name: string, kind: SetKind) => (await assertFault("CONFIG", () => porters(name, kind))).message;
  const seen =
    "See https://porter.sh/reference/file-formats/#supported-versions for more details: invalid schema version";
  const credentials = await told("credential-set-invalid-schema.yaml", CREDENTIALS);
  assert.ok(credentials.includes(`the schema version is 0.38.5 but the supported schema version is 1.0.1. ${seen}`));
  const parameters = await told("parameter-set-invalid-schema.yaml", PARAMETERS);
  assert.ok(
    parameters.includes(`the schema version is 0.38.5 but the supported schema version is 1.0.1 || 1.1.0. ${seen}`),
  );
  const swapped = await told("parameter-set.yaml", CREDENTIALS);
  assert.ok(swapped.includes("invalid schemaType ParameterSet, expected CredentialSet"));
  const none = (await assertFault("CONFIG", () => read("name: a\ncredentials: []", CREDENTIALS))).message;
  assert.ok(none.includes("(none) is not a valid semantic version: invalid schema version"), none);
  await read("schemaType: credentialset\nschemaVersion: 1.0.1\nname: a\ncredentials: []", CREDENTIALS);
});

Deno.test("parseSet() reports all that is wrong at once, in Porter's words where it has some, and no value", async () => {
  const text = `
schemaVersion: 1.0.1
namespace: ../up
nmae: x
labels: { a: 1 }
credentials:
  - name: two
    source: { env: A, value: hunter2 }
  - name: bad
    source: { vault: hunter2 }
  - name: none
  - name: number
    source: { value: 42 }
  - name: empty
    source: { secret: "" }
  - source: { env: A }
  - name: two
    sorce: { env: A }
`;
  const { message, hint } = await assertFault("CONFIG", () => read(text, CREDENTIALS));
  const wanted = [
    "namespace ../up is not one",
    "unknown key nmae (did you mean name?)",
    "name is missing",
    "labels.a is not text",
    "two: multiple key/value pairs specified for source but only one may be defined",
    "bad: vault is not a valid source. Valid sources are: secret, value, env, path, command",
    "none: source is missing. Valid sources are: secret, value, env, path, command",
    "number: the hint of value is not text",
    "empty: the hint of secret is empty",
    "credentials[5] has no name",
    "unknown key credentials[6].sorce (did you mean source?)",
  ];
  for (const part of wanted) assert.ok(message.includes(part), `${part} in ${message}`);
  assert.ok(!`${message} ${hint}`.includes("hunter2"));
  const twice =
    "schemaVersion: 1.0.1\nname: n\ncredentials: [{name: a, source: {env: A}}, {name: a, source: {env: B}}]";
  assert.ok(
    (await assertFault("CONFIG", () => read(twice, CREDENTIALS))).message.includes("a is given more than once"),
  );
});

Deno.test("parseSet() takes what is missing for what it is, and nothing for something else", async () => {
  const bare = await read("schemaVersion: 1.0.1\nname: n\ncredentials: []", CREDENTIALS);
  assert.deepEqual([bare.namespace, bare.entries], ["", []]);
  const document = await parseDocument("schemaVersion: 1.0.1\nname: n\ncredentials: []", "yaml", "file");
  assert.equal(parseSet(document, CREDENTIALS, "file", "staging").namespace, "staging");
  const global = await parseDocument('schemaVersion: 1.0.1\nnamespace: ""\nname: n\ncredentials: []', "yaml", "file");
  assert.equal(parseSet(global, CREDENTIALS, "file", "staging").namespace, "", "the file's goes first");
  for (
    const text of [
      "schemaVersion: 1.0.1\nname: n",
      "schemaVersion: 1.0.1\nname: n\nparameters: []",
      "schemaVersion: 1.0.1\nname: n\ncredentials: {a: b}",
      "schemaVersion: 1.0.1\nname: n\ncredentials: text",
      "schemaVersion: 1.0.1\nname: n\ncredentials: [{name: a, source: secret}]",
      "schemaVersion: 1.0.1\nname: n\ncredentials: [{name: a, source: {env: null}}]",
      'schemaVersion: 1.0.1\nname: n\ncredentials: [{name: "a\\nb", source: {env: A}}]',
      "schemaVersion: 1.0\nname: n\ncredentials: []",
      `schemaVersion: 1.0.1\nname: ${"n".repeat(65)}\ncredentials: []`,
      "schemaVersion: 1.0.1\nname: a/b\ncredentials: []",
      "schemaVersion: 1.0.1\nname: .hidden\ncredentials: []",
    ]
  ) await assertFault("CONFIG", () => read(text, CREDENTIALS));
});

const setName = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
const text = fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) =>
  !/[\ud800-\udfff](?![\udc00-\udfff])/.test(text)
);
/** What readers of YAML take for something else than text, or for several lines, some of them. */
const awkward = fc.constantFrom(
  ...[
    "1.10",
    "0123",
    "true",
    "null",
    "~",
    "yes",
    "n",
    "On",
    "- a",
    ": b",
    "a: b",
    "a #b",
    "# c",
    "\n",
    "a\nb\n",
    " x ",
  ],
  ...[
    "{a: b}",
    "!!str x",
    "&a",
    "*a",
    "0x1F",
    "1e3",
    "E0",
    "e-1",
    "2001-01-01",
    "=",
    "<<",
    "\ttab",
    "\u0085",
    "\u2028x",
    "1:30",
    "?",
  ],
);
const anySet: fc.Arbitrary<SourceSet> = fc.record({
  namespace: fc.oneof(fc.constant(""), setName),
  name: setName,
  labels: fc.dictionary(setName, fc.oneof(text, awkward), { maxKeys: 3, noNullPrototype: true }),
  entries: fc.uniqueArray(
    fc.record({
      name: text.filter((name) => name !== "" && !/\p{Cc}/u.test(name)),
      source: fc.record({
        kind: fc.constantFrom(...SOURCE_KINDS),
        hint: fc.oneof(text.filter((hint) => hint !== ""), awkward),
      }),
    }),
    { selector: ({ name }) => name, maxLength: 5 },
  ),
});

Deno.test("a set stays what it is when it is written and read, as JSON and as YAML", async () => {
  await fc.assert(fc.asyncProperty(anySet, async (set) => {
    for (const kind of [CREDENTIALS, PARAMETERS]) {
      const plain = (set: SourceSet) => JSON.parse(JSON.stringify(set));
      assert.deepEqual(plain(await read(formatSetJson(set, kind), kind, "json")), plain(set));
      assert.deepEqual(plain(await read(formatSetYaml(set, kind), kind, "yaml")), plain(set));
    }
  }));
});

Deno.test("a set that is written as YAML is the same for readers of YAML 1.1, as Porter is", async () => {
  const { parse } = await import("yaml");
  fc.assert(fc.property(anySet, (set) => {
    const read = parse(formatSetYaml(set, CREDENTIALS), { version: "1.1" });
    const { namespace, name, labels = {}, credentials } = read;
    assert.deepEqual({ namespace, name, labels }, { namespace: set.namespace, name: set.name, labels: set.labels });
    assert.deepEqual(
      credentials,
      set.entries.map(({ name, source }) => ({ name, source: { [source.kind]: source.hint } })),
    );
  }));
});

Deno.test("what create writes is a set", async () => {
  for (const kind of [CREDENTIALS, PARAMETERS]) {
    const [yaml, json] = [
      await read(setTemplate(kind, "yaml"), kind),
      await read(setTemplate(kind, "json"), kind, "json"),
    ];
    assert.deepEqual(yaml, json);
    assert.deepEqual(yaml.entries.map(({ source }) => source.kind).sort(), [...SOURCE_KINDS].sort());
  }
});
