import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { host, HostProvider } from "../../../core/providers/host.ts";
import type { Source, SourceKind } from "../../../core/providers/provider.ts";
import { Secret } from "../../../core/secret.ts";
import { codeOf, take } from "../../contract/provider.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

const ENV: Readonly<Record<string, string>> = { TOKEN: "t0ken", EMPTY: "", HOME: "/nowhere" };
const read = (name: string) => ENV[name];
const source = (kind: SourceKind, hint: string): Source => ({ kind, hint });

Deno.test("HostProvider reads variables, files, commands and literal texts", async () => {
  using root = temporaryFolder();
  Deno.writeTextFileSync(`${root.path}/file`, "line\n");
  await using provider = new HostProvider((name) => ({ ...ENV, DIR: root.path, HOME: root.path })[name]);
  const results = await provider.resolve([
    source("env", "TOKEN"),
    source("env", "EMPTY"),
    source("path", `${root.path}/file`),
    source("path", "$DIR/file"),
    source("path", "${DIR}/file"),
    source("path", "~/file"),
    source("path", "$NONE${NONE}$DIR/file"),
    source("command", "printf %s\\n  a"),
    source("command", "echo $TOKEN `id`"),
    source("value", " literal $TOKEN\n"),
  ]);
  const lines = Array(5).fill("line\n");
  assert.deepEqual(results.map(take), ["t0ken", "", ...lines, "a\n", "$TOKEN `id`\n", " literal $TOKEN\n"]);
});

Deno.test("HostProvider drops one line end where it is told to", async () => {
  using root = temporaryFolder();
  for (const [name, text] of Object.entries({ unix: "a\n\n", dos: "a\r\n", none: "a" })) {
    Deno.writeTextFileSync(`${root.path}/${name}`, text);
  }
  await using provider = new HostProvider(read, { trim: true });
  const sources = ["unix", "dos", "none"].map((name) => source("path", `${root.path}/${name}`));
  const results = await provider.resolve([...sources, source("command", "echo b"), source("value", "c\n")]);
  assert.deepEqual(results.map(take), ["a\n", "a", "a", "b", "c\n"]);
});

Deno.test("HostProvider says of each source what is wrong with it, and never a value", async () => {
  using root = temporaryFolder();
  await using provider = new HostProvider(read);
  const results = await provider.resolve([
    source("env", "NOT_THERE"),
    source("env", "hunter2 typed here"),
    source("path", `${root.path}/none`),
    source("path", root.path),
    source("command", "false"),
    source("command", "no-such-program-anywhere --token hunter2"),
    source("command", "  "),
    source("secret", "key"),
    source("env", "TOKEN"),
  ]);
  assert.deepEqual(results.map(codeOf), [
    ...["NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "CONFIG", "UNAVAILABLE", "NOT_FOUND", "CONFIG", "UNSUPPORTED", "ok"],
  ]);
  const texts = results.map((result) => result instanceof Fault ? `${result.message} ${result.hint}` : "");
  assert.ok(texts[0]!.includes("NOT_THERE"));
  for (const text of texts) assert.ok(!text.includes("hunter2"), text);
  take(results.at(-1)!);
});

Deno.test("HostProvider keeps a command's stderr out of its value, and Coffer's variables out of the command", async () => {
  const script = `await Deno.stderr.write(new TextEncoder().encode("noise"));
    await Deno.stdout.write(new TextEncoder().encode(JSON.stringify([...Deno.args, Deno.env.get("COFFER_PASSPHRASE") ?? null])));`;
  using root = temporaryFolder();
  Deno.writeTextFileSync(`${root.path}/script.js`, script);
  const program = `const { HostProvider } = await import(${
    JSON.stringify(import.meta.resolve("../../../core/providers/host.ts"))
  });
    const provider = new HostProvider(() => undefined);
    const hint = ${JSON.stringify(`${Deno.execPath()} run -A ${root.path}/script.js a  b`)};
    const [found] = await provider.resolve([{ kind: "command", hint }]);
    console.log(found.value.revealText());`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", `${import.meta.dirname}/../../../deno.json`, program],
    env: { COFFER_PASSPHRASE: "hunter2" },
    stderr: "null",
  }).output();
  assert.equal(new TextDecoder().decode(stdout), '["a","b",null]\n');
});

Deno.test("HostProvider ends a command that prints without end", { ignore: Deno.build.os === "windows" }, async () => {
  await using provider = new HostProvider(read);
  const before = Deno.memoryUsage().rss;
  const [found] = await provider.resolve([source("command", "cat /dev/zero")]);
  assert.equal(found instanceof Fault && found.code, "UNSUPPORTED");
  assert.ok(Deno.memoryUsage().rss - before < 256 * 1024 * 1024);
});

Deno.test("HostProvider persists nothing, in Porter's words", async () => {
  await using provider = new HostProvider(read);
  using value = Secret.fromText("value");
  const { message } = await assertFault(
    "UNSUPPORTED",
    () => provider.persist(source("secret", "a"), { value, type: "bytes" }),
  );
  assert.equal(
    message,
    "the default secrets plugin, secrets.porter.host, does not support persisting secrets: not implemented",
  );
});

Deno.test("the host provider is told whether to trim by its configuration", async () => {
  const around = {
    env: read,
    cwd: "/",
    secretsOf: () => Promise.reject(new Error("not asked for")),
    warn: () => assert.fail(),
  };
  const given: [Record<string, unknown>, string][] = [[{}, "a\n"], [{ trim: true }, "a"], [{ trim: false }, "a\n"]];
  for (const [config, expected] of given) {
    await using provider = await host.open(config, around);
    assert.equal(take((await provider.resolve([source("command", "echo a")]))[0]!), expected);
  }
  await assertFault("CONFIG", () => host.open({ trim: "yes", more: 1 }, around));
});
