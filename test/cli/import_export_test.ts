import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs } from "../fixture/coffer_cli.ts";

/** Values that every format carries. */
const VALUES = {
  PLAIN: "value",
  EMPTY: "",
  SPACES: "  two  words ",
  QUOTES: `it's "quoted"`,
  DOLLAR: "$HOME ${x} `id` %{y}",
  BACKSLASH: "a\\b\\n",
  HASH: "a#b # c",
  UNICODE: "värde ✓ 😀",
  EQUALS: "a=b==",
};
const LINES = { LINES: "one\ntwo\n\nfour" };
/** Those that are read as well as written, and their values. */
const FORMATS: Record<string, Record<string, string>> = {
  dotenv: { ...VALUES, ...LINES },
  json: { ...VALUES, ...LINES, CONTROL: "\0\x01\r" },
  yaml: { ...VALUES, ...LINES },
  csv: { ...VALUES, ...LINES },
  docker: VALUES,
  tfvars: { ...VALUES, ...LINES },
  k8s: { ...VALUES, ...LINES, CONTROL: "\0\x01\r" },
};

endToEnd("coffer export and import keep every value when they take turns", async (coffer) => {
  for (const [format, values] of Object.entries(FORMATS)) {
    const [first, second] = [`${format}-first`, `${format}-second`];
    await coffer.given(values, first);
    await coffer.given({}, second);
    const exported = `${coffer.temp}/${format}`;
    await coffer.ok(["export", "-f", format, "-o", exported, "--stack", first]);
    await coffer.ok(["import", exported, "-f", format, "--stack", second]);
    for (const name of Object.keys(values)) {
      assert.equal(await coffer.ok(["get", name, "--stack", second]), values[name], `${format} ${name}`);
    }
    const again = await coffer.ok(["export", "-f", format, "--stack", second]);
    assert.equal(again, Deno.readTextFileSync(exported), format);
  }
}, BUNDLE_ONLY);

endToEnd("coffer import seals all entries, leaves what is there already, and says how many", async (coffer) => {
  await coffer.given({ KEPT: "same", CHANGED: "old" });
  coffer.file(".env", "KEPT=same\nCHANGED=new\nADDED=x\n");
  const summary = { added: 1, updated: 1, unchanged: 1, names: ["KEPT", "CHANGED", "ADDED"] };
  assert.deepEqual(await coffer.json(["import", ".env"]), summary);
  assert.deepEqual(await coffer.json(["import", ".env"]), { ...summary, added: 0, updated: 0, unchanged: 3 });
  const options = { stdin: '{"a": "1"}' };
  await coffer.ok(["import", "-", "-f", "json", "--prefix", "app/"], options);
  assert.equal(await coffer.ok(["get", "app/a"]), "1");
});

endToEnd("coffer import seals nothing when anything is wrong", async (coffer) => {
  await coffer.given();
  await coffer.fault("CONFIG", ["import", coffer.file(".env", "GOOD=1\nBAD='open\n")]);
  await coffer.fault("CONFIG", ["import", coffer.file("a.json", '{"good":"1","not a name":"2"}')]);
  await coffer.fault("CONFIG", ["import", coffer.file("b.json", '{"good":"1"')]);
  await coffer.fault("CONFIG", ["import", coffer.file("c.json", '{"good":"1","good":"2"}')]);
  await coffer.fault("USAGE", ["import", coffer.file("unknown.txt", "A=1")]);
  await coffer.fault("USAGE", ["import", "-"], { stdin: "A=1" });
  await coffer.fault("NOT_FOUND", ["import", "missing.env"]);
  await coffer.fault("USAGE", ["import"]);
  const large = coffer.file("large.json", JSON.stringify({ good: "1", large: "x".repeat(17 * 1024 * 1024) }));
  await coffer.fault("USAGE", ["import", large]);
  assert.deepEqual(await coffer.json(["list"]), []);
});

endToEnd("coffer export prints plaintext and says so", async (coffer) => {
  await coffer.given({ "db/user": "ada", "db/password": "pw", other: "x" });
  const { text, stderr } = await coffer.run(["export", "-f", "json", "--prefix", "db/"]);
  assert.deepEqual(JSON.parse(text), { "db/password": "pw", "db/user": "ada" });
  assert.match(stderr, /2 secrets as plaintext to stdout/);
  assert.match(await coffer.ok(["export"]), /^DB_PASSWORD='pw'$/m);
  assert.match(await coffer.ok(["export", "-f", "k8s", "--prefix", "o", "--secret-name", "app"]), /name: "app"/);
});

endToEnd("coffer export refuses what a format cannot spell or carry", async (coffer) => {
  await coffer.given({ "a/b": "1", "a.b": "2" });
  await coffer.fault("CONFLICT", ["export", "-f", "dotenv"]);
  await coffer.fault("CONFIG", ["export", "-f", "k8s"]);
  await coffer.ok(["export", "-f", "json"]);
  await coffer.given({ nul: "a\0b", binary: new Uint8Array([0xff]) }, "odd");
  const file = `${coffer.temp}/out`;
  for (const format of ["dotenv", "csv", "docker", "tfvars", "shell"]) {
    const { message } = await coffer.fault("UNSUPPORTED", ["export", "-f", format, "--stack", "odd", "-o", file]);
    assert.ok(message.toLowerCase().includes("nul"), format);
  }
  assert.throws(() => Deno.statSync(file), Deno.errors.NotFound);
});

endToEnd("coffer export writes a private file whatever the umask, and refuses an open one", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const file = `${coffer.project}/out.env`;
  await coffer.ok(["export", "-o", file], { through: 'umask 000; "$@"' });
  assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
  await coffer.ok(["export", "-o", file, "-f", "json"]);
  assert.deepEqual(JSON.parse(Deno.readTextFileSync(file)), { NAME: "value" });
  for (const mode of [0o644, 0o640, 0o604, 0o620]) {
    Deno.chmodSync(file, mode);
    const { hint } = await coffer.fault("DENIED", ["export", "-o", file]);
    assert.match(hint!, /^chmod 600 /);
  }
  const link = `${coffer.project}/link`;
  Deno.symlinkSync(`${coffer.temp}/target`, link);
  await coffer.fault("DENIED", ["export", "-o", link]);
  await coffer.fault("DENIED", ["export", "-o", coffer.temp]);
  await coffer.fault("NOT_FOUND", ["export", "-o", `${coffer.temp}/missing/out`]);
  assert.deepEqual([...Deno.readDirSync(coffer.temp)], []);
});

endToEnd("coffer export refuses a stdout that others can read, before anything is written", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const out = `${coffer.temp}/out`;
  const open = await coffer.run(["export"], { through: `umask 022; "$@" > '${out}'` });
  assert.equal(open.code, 5);
  assert.equal(Deno.statSync(out).size, 0);
  Deno.removeSync(out);
  await coffer.ok(["export"], { through: `umask 077; "$@" > '${out}'` });
  assert.match(Deno.readTextFileSync(out), /NAME='value'/);
});

for (const shell of ["sh", "bash", "dash"]) {
  endToEnd(`coffer export -f shell is read by eval in ${shell}`, async (coffer) => {
    const values = { ...VALUES, ...LINES, NEWLINE_END: "x\n", ESCAPES: "\x01\x1b\r\t" };
    await coffer.given(values);
    const names = Object.keys(values);
    const prints = names.map((name) => `printf '%s\\0' "$${name}"`).join("; ");
    const script = `eval "$("$@")"; ${prints}`;
    const text = await coffer.ok(["export", "-f", "shell"], {
      through: `${shell} -c '${quoted(script)}' ${shell} "$@"`,
    });
    assert.deepEqual(text.split("\0").slice(0, -1), Object.values(values));
  }, { lacking: needs(shell) });
}

endToEnd("coffer export -f github masks first, then appends to a file that it has closed to others", async (coffer) => {
  await coffer.given({ TOKEN: "s3cr%t", LINES: "one\ntwo" });
  const file = coffer.file(`${coffer.temp}/github_env`, "BEFORE=1\n", 0o644);
  const text = await coffer.ok(["export", "-f", "github"], { env: { GITHUB_ENV: file } });
  assert.deepEqual(text.trim().split("\n").sort(), ["::add-mask::one", "::add-mask::s3cr%25t", "::add-mask::two"]);
  assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
  const [first, ...rest] = Deno.readTextFileSync(file).split("\n");
  assert.equal(first, "BEFORE=1");
  assert.match(rest.join("\n"), /^LINES<<(COFFER_\S+)\none\ntwo\n\1\nTOKEN<<\1\ns3cr%t\n\1\n$/);
  await coffer.fault("USAGE", ["export", "-f", "github"]);
  const full = await coffer.run(["export", "-f", "github"], {
    env: { GITHUB_ENV: file },
    through: '"$@" > /dev/full',
  });
  assert.equal(full.code, 8);
  assert.equal(Deno.readTextFileSync(file).split("TOKEN<<").length, 2, "what is not masked is not written");
});

endToEnd(
  "coffer export -f azure sets secret variables, -f gitlab writes a report and warns of its limits",
  async (coffer) => {
    await coffer.given({ "db/password": "p;w]100%", TOKEN: "t0ken" });
    const azure = "##vso[task.setvariable variable=TOKEN;issecret=true]t0ken\n" +
      "##vso[task.setvariable variable=DB_PASSWORD;issecret=true]p%3Bw%5D100%AZP25\n";
    assert.equal(await coffer.ok(["export", "-f", "azure"]), azure);
    const small = await coffer.run(["export", "-f", "gitlab"]);
    assert.equal(small.text, "TOKEN=t0ken\nDB_PASSWORD=p;w]100%\n");
    assert.equal(small.stderr.split("warning:").length, 2);
    await coffer.given(Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`V${i}`, "x"])), "many");
    await coffer.given({ LONG: "x".repeat(5115) }, "long");
    for (const stack of ["many", "long"]) {
      const { code, stderr } = await coffer.run(["export", "-f", "gitlab", "--stack", stack]);
      assert.equal(code, 0);
      assert.equal(stderr.split("warning:").length, 3, stderr);
    }
  },
);

endToEnd("coffer inject renders a template from a file or stdin, byte for byte", async (coffer) => {
  await coffer.given({ "db/password": 'p"w\n', user: "ada" });
  await coffer.given({ user: "bob" }, "prod");
  await coffer.ok(["set", "login", "--field", "name"], { stdin: "eve" });
  const template = "\ufeffu={{ coffer:///user }}\r\np={{coffer:///db/password}}|coffer://prod/user, " +
    "{{coffer:///login#name}}s coffer:///user.\n{{ other }} coffer:// http://x";
  const rendered = '\ufeffu=ada\r\np=p"w\n|bob, eves ada.\n{{ other }} coffer:// http://x';
  const expected = new TextEncoder().encode(rendered);
  assert.deepEqual((await coffer.run(["inject", coffer.file("t", template)])).stdout, expected);
  assert.deepEqual((await coffer.run(["inject"], { stdin: template })).stdout, expected);
  assert.deepEqual((await coffer.run(["inject", "-"], { stdin: template })).stdout, expected);
});

endToEnd("coffer inject prints nothing when a reference is missing or wrong", async (coffer) => {
  await coffer.given({ user: "ada" });
  const stdin = "{{ coffer:///user }} {{ coffer:///one }} {{ coffer:///two#x }} {{ coffer:///one }}";
  const { message } = await coffer.fault("NOT_FOUND", ["inject"], { stdin });
  assert.ok(message.includes("one") && message.includes("two"));
  await coffer.fault("NOT_FOUND", ["inject"], { stdin: "{{ coffer:///user#field }}" });
  await coffer.fault("NOT_FOUND", ["inject"], { stdin: "{{ coffer://prod/user }}" });
  await coffer.fault("USAGE", ["inject"], { stdin: "{{ coffer:///not~a~name }}" });
  await coffer.fault("USAGE", ["inject"], { stdin: "{{ coffer://Stack/name }}" });
  await coffer.fault("CONFIG", ["inject"], { stdin: new Uint8Array([0xff]) });
  await coffer.fault("NOT_FOUND", ["inject", "missing"]);
});

function quoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
