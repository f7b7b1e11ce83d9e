/** The same hostile values through the programs that read these formats in real life. Many values per process. */
import assert from "node:assert/strict";
import { decodeBase64, encodeBase64 } from "../../../core/seal/base64.ts";
import { formatGithub } from "../../../core/interchange/github.ts";
import { type Entry, formatEntries, formatGithubEntries } from "../../../core/interchange/interchange.ts";
import {
  available,
  bytes,
  entriesOf,
  hostileText,
  numbered,
  pairs,
  refuses,
  samples,
  shellVariables,
  text,
} from "./support.ts";

const VALUES = samples(400);

for (const shell of ["sh", "bash", "dash"]) {
  Deno.test({
    name: `formatEntries() writes lines that ${shell} evaluates to the same bytes`,
    ignore: !available(shell, "-c", ":"),
    async fn() {
      // Every byte but NUL, in a row and alone: text and what is no text at all.
      const all = Uint8Array.from({ length: 255 }, (_, index) => index + 1);
      const raw = [all, ...Array.from(all, (byte) => new Uint8Array([byte])), new Uint8Array([0x27, 0xff, 0x27, 0x0a])];
      const entries = [...VALUES.map(bytes), ...raw].map((value, index) => ({ name: `V${index}`, value }));
      const file = await formatEntries("shell", entries);
      const read = await shellVariables(shell, 'eval "$(cat file)"; env -0', { file });
      assert.deepEqual(entries.map(({ name }) => read.get(name)), entries.map(({ value }) => value));
    },
  });
}

const PYTHON = `
import base64, csv, io, json, sys, yaml
given = {k: base64.b64decode(v).decode() for k, v in json.load(sys.stdin).items()}
read = {"json": list(json.loads(given["json"]).items()), "yaml": list(yaml.safe_load(given["yaml"]).items())}
rows = list(csv.reader(io.StringIO(given["csv"], newline=""), strict=True))
read["csv"] = rows[1:]
read["header"] = rows[0]
manifest = yaml.safe_load(given["k8s"])
read["k8s"] = [[k, base64.b64decode(v, validate=True).decode()] for k, v in manifest.pop("data").items()]
read["manifest"] = manifest
json.dump(read, sys.stdout)
`;

Deno.test({
  name: "formatEntries() writes json, yaml, csv and k8s that Python reads exactly",
  ignore: !available("python3", "-c", "import yaml"),
  async fn() {
    const entries = [
      ...numbered(VALUES),
      ...entriesOf([["yes", "YES"], ["0123", "0123"], ["null", "~"], ["1.10", ""]]),
    ];
    const given: Record<string, string> = {};
    for (const format of ["json", "yaml", "csv", "k8s"] as const) {
      given[format] = encodeBase64(await formatEntries(format, entries, { secretName: "app" }));
    }
    const read = JSON.parse(await pipe("python3", ["-c", PYTHON], JSON.stringify(given)));
    for (const format of ["json", "yaml", "csv", "k8s"]) assert.deepEqual(read[format], pairs(entries), format);
    assert.deepEqual(read.header, ["name", "value"]);
    assert.deepEqual(read.manifest, { apiVersion: "v1", kind: "Secret", metadata: { name: "app" }, type: "Opaque" });
  },
});

Deno.test({
  name: "formatEntries() writes tfvars that Terraform reads exactly",
  ignore: !available("terraform", "version"),
  async fn() {
    const values = [...VALUES, "$${", "$$$${x}", "%%%{", "$%{", "%${", "\\${", "${", "\\u0024"]
      .filter((value) => value.normalize() === value);
    const folder = await Deno.makeTempDir();
    try {
      const entries = numbered(values);
      const names = entries.map(({ name }) => name);
      await Deno.writeFile(`${folder}/terraform.tfvars`, await formatEntries("tfvars", entries));
      const all = `join(",", [${names.map((name) => `base64encode(var.${name})`).join(",")}])`;
      const variables = names.map((name) => `variable "${name}" {\n  type = string\n}\n`).join("");
      await Deno.writeTextFile(`${folder}/main.tf`, `${variables}locals {\n  all = ${all}\n}\n`);
      const shown = await pipe("terraform", [`-chdir=${folder}`, "console"], "local.all\n");
      const list = /^"([\w+/=,]*)"$/m.exec(shown)?.[1] ?? assert.fail("no list in Terraform's answer");
      assert.deepEqual(list.split(",").map((item) => text(decodeBase64(item) ?? bytes("not base64"))), values);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Docker's documented rules: one line is one variable, taken as it is, without the white space before it. */
function readDocker(source: string): [string, string][] {
  return source.split("\n").slice(0, -1).map((line): [string, string] => {
    const [, name, value] = /^([^=]+)=(.*)$/su.exec(line.replace(/\r$/, "")) ?? [];
    return [name ?? "", value ?? ""];
  });
}

const DOCKER_VALUES = VALUES.filter((value) => !/\n|\r$/.test(value));

Deno.test("formatEntries() writes an env-file that reads exactly by Docker's rules", async () => {
  const entries = numbered(DOCKER_VALUES);
  assert.deepEqual(readDocker(text(await formatEntries("docker", entries))), pairs(entries));
});

Deno.test({
  name: "formatEntries() writes an env-file that the docker client sends to its engine exactly",
  ignore: !available("docker", "--version"),
  async fn() {
    const entries = numbered([...DOCKER_VALUES, "x".repeat(60_000)]);
    const folder = await Deno.makeTempDir();
    let sent: string[] = [];
    // An engine that knows one request: the client reads the env-file, and sends what it read.
    const engine = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const { pathname } = new URL(request.url);
      if (!pathname.endsWith("/containers/create")) return new Response("OK", { headers: { "Api-Version": "1.43" } });
      sent = (await request.json()).Env;
      return Response.json({ Id: "0", Warnings: [] }, { status: 201 });
    });
    try {
      await Deno.writeFile(`${folder}/env`, await formatEntries("docker", entries));
      const host = `tcp://127.0.0.1:${engine.addr.port}`;
      await pipe("docker", ["--config", folder, "-H", host, "create", "--env-file", `${folder}/env`, "image"], "");
    } finally {
      await engine.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
    assert.deepEqual(sent, pairs(entries).map(([name, value]) => `${name}=${value}`));
  },
});

/** The runner's documented rules for `$GITHUB_ENV`; `windows` also takes CR LF for a line end. */
function readGithub(source: string, windows: boolean): [string, string][] {
  const lines = source.split(/(?<=\n)/); // each with its line end
  const bare = (line: string) => line.replace(windows ? /\r?\n$/ : /\n$/, "");
  const read: [string, string][] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = bare(lines[at] ?? "");
    if (line === "") continue;
    const [, name, delimiter] = /^([^=]+?)<<(.+)$/.exec(line) ?? [];
    assert(name !== undefined, "a line outside a heredoc");
    const start = ++at;
    while (bare(lines[at] ?? assert.fail("a heredoc without an end")) !== delimiter) at++;
    read.push([name, bare(lines.slice(start, at).join(""))]);
  }
  return read;
}

Deno.test("formatGithubEntries() writes heredocs that read exactly by the runner's rules", async () => {
  const entries = numbered([...VALUES, "", "\n", "a\n\n", "X=1", "COFFER_"].filter((value) => !value.endsWith("\r")));
  const { env } = await formatGithubEntries(entries);
  assert.deepEqual(readGithub(text(env), false), pairs(entries));
  assert.deepEqual(readGithub(text(env), true), pairs(entries));
});

Deno.test("formatGithubEntries() masks every line of a value that is not blank", async () => {
  const entries = [...numbered(["one\ntwo%0A%25\r\n\r\n \nthree", "a\rb", "", "one"]), ...numbered(VALUES).slice(4)]
    .filter(({ value }) => value.at(-1) !== 0x0d);
  const { masks } = await formatGithubEntries(entries);
  const lines = text(masks).split("\n");
  assert.equal(lines.shift(), "", "a line that somebody has begun is ended first");
  assert.equal(lines.pop(), "");
  const masked = new Set(lines.map((line) => {
    assert(line.startsWith("::add-mask::"));
    assert(!line.includes("\r"));
    // As the runner undoes the escapes: the percent sign last.
    return line.slice("::add-mask::".length).replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
  }));
  assert.deepEqual([...masked].slice(0, 4), ["one", "two%0A%25", "three", "a\rb"]);
  for (const [, value] of pairs(entries)) {
    for (const line of value.split(/\r?\n/)) assert(line.trim() === "" || masked.has(line));
  }
});

Deno.test("formatGithubEntries() prints nothing when there is nothing to mask", async () => {
  for (const entries of [[], numbered(["", " \n"])]) {
    assert.equal((await formatGithubEntries(entries)).masks.length, 0);
  }
});

Deno.test("formatGithub() draws another delimiter when a value contains the first one", () => {
  const drawn = ["TAKEN", "PART", "FREE"];
  const entries = entriesOf([["A", "x\nTAKEN\nEVIL=1"], ["B", "in PARTS"]]);
  const { env } = formatGithub(entries, () => drawn.shift() ?? assert.fail("drawn too often"));
  assert.deepEqual(readGithub(text(env), false), pairs(entries));
  assert(text(env).startsWith("A<<FREE\n"));
});

Deno.test("formatGithubEntries() draws a new delimiter for every export", async () => {
  const [first, second] = [await formatGithubEntries(numbered(["x"])), await formatGithubEntries(numbered(["x"]))];
  assert.notEqual(text(first.env), text(second.env));
});

Deno.test("formatGithubEntries() refuses names and values that it cannot carry, all of them", async () => {
  const values: Entry[] = [
    ...entriesOf([["NUL", "hunter2\0"], ["CR", "hunter2\r"], ["OK", "hunter2"]]),
    { name: "BYTES", value: new Uint8Array([0xff]) },
  ];
  await refuses(() => formatGithubEntries(values), "UNSUPPORTED", ["NUL, CR, BYTES"]);
  await refuses(() => formatGithubEntries(entriesOf([["a/b", "hunter2"], ["c=d", ""]])), "CONFIG", ["a/b", "c=d"]);
  await refuses(() => formatGithubEntries(entriesOf([["A", "hunter2"], ["A", ""]])), "CONFIG", ["A"]);
});

Deno.test("samples() holds what the readers above must get right", () => {
  const drawn = samples(400, hostileText).join("\u0000");
  for (const piece of ["'", '"', "`", "$", "\\", "\n", "\r", "#", "${", "\u2028", "\ufeff", "é"]) {
    assert(drawn.includes(piece));
  }
});

async function pipe(command: string, args: string[], input: string): Promise<string> {
  const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    writer.write(bytes(input)).then(() => writer.close()).catch(() => {}), // a program that ends early says why itself
  ]);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
