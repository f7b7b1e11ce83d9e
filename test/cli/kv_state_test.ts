/** What clients of the server did to secrets holds for the command line. */
import assert from "node:assert/strict";
import { parseSecretName, parseStackName } from "../../core/name.ts";
import { Secret } from "../../core/secret.ts";
import { KvEngine } from "../../core/stack/kv/engine.ts";
import { LockedStack } from "../../core/stack/locked_stack.ts";
import { Project } from "../../core/stack/project.ts";
import { BUNDLE_ONLY, type Coffer, endToEnd, PASSPHRASE } from "../fixture/coffer_cli.ts";

const NO_PASSPHRASE = { env: { COFFER_PASSPHRASE: undefined } };
const GONE = parseSecretName("gone");
const HALF = parseSecretName("half");
const KEPT = parseSecretName("kept");

/** `gone`: deleted. `half`: the newest of three versions destroyed, the one before it deleted. `kept`: as it was. */
async function given(coffer: Coffer): Promise<void> {
  await coffer.given({ gone: "1", half: "1", kept: "1" });
  using client = await clientOf(coffer);
  const { engine } = client;
  for (const data of ['{"v":2}', '{"v":3}']) await engine.put(HALF, Secret.fromText(data));
  await engine.delete(GONE);
  await engine.delete(HALF, [2]);
  await engine.destroy(HALF, [3]);
}

/** As a server would open the stack for its clients. */
async function clientOf(coffer: Coffer): Promise<Disposable & { readonly engine: KvEngine }> {
  const store = new Project(`${coffer.project}/.coffer`).store(parseStackName("dev"));
  const stack = await (await LockedStack.load(store)).unlock(Secret.fromText(PASSPHRASE));
  return { engine: new KvEngine(stack), [Symbol.dispose]: () => stack.dispose() };
}

endToEnd("coffer takes a deleted secret for none, and says how to see it", async (coffer) => {
  await given(coffer);
  const { hint } = await coffer.fault("NOT_FOUND", ["get", "gone"]);
  assert.match(hint!, /coffer history gone/);
  await coffer.fault("NOT_FOUND", ["get", "gone", "--version", "1"]);
  await coffer.fault("NOT_FOUND", ["get", "half"]);
  await coffer.fault("NOT_FOUND", ["get", "half", "--version", "2"]);
  assert.equal(await coffer.ok(["get", "half", "--version", "1"]), "1");
  assert.equal(await coffer.ok(["list"], NO_PASSPHRASE), "kept\n");
  await coffer.fault("NOT_FOUND", ["run", "-s", "gone", "--", "true"]);
  assert.equal(await coffer.ok(["run", "--no-mask", "--", "sh", "-c", "echo ${gone-none} $kept"]), "none 1\n");
  const exported = await coffer.run(["export", "-f", "json"], { through: '"$@" | cat' });
  assert.deepEqual(JSON.parse(exported.text), { kept: "1" });
});

endToEnd("coffer history marks versions that were deleted, destroyed, or will end", async (coffer) => {
  await given(coffer);
  {
    using client = await clientOf(coffer);
    await client.engine.putMetadata(KEPT, { deleteVersionAfter: 3600 });
    await client.engine.put(KEPT, Secret.fromText("{}"));
  }
  const text = await coffer.ok(["history", "half"], NO_PASSPHRASE);
  assert.match(text, /^ +3 {2}\S+Z {2}destroyed\n +2 {2}\S+Z {2}json {2}deleted \S+Z\n +1 {2}\S+Z {2}bytes\n$/);
  assert.match(await coffer.ok(["history", "kept"], NO_PASSPHRASE), /^ +2 {2}\S+Z {2}json {2}until \S+Z\n/);
  const { versions } = await coffer.json(["history", "half"], NO_PASSPHRASE) as { versions: Record<string, unknown>[] };
  assert.deepEqual(versions.map((version) => Object.keys(version)), [
    ["version", "created", "destroyed"],
    ["version", "created", "type", "deletion"],
    ["version", "created", "type"],
  ]);
});

endToEnd("coffer set goes on counting, and rollback brings back what was deleted", async (coffer) => {
  await given(coffer);
  assert.deepEqual(await coffer.json(["set", "half"], { stdin: "4" }), { name: "half", version: 4 });
  assert.equal(await coffer.ok(["get", "half"]), "4");
  assert.deepEqual(await coffer.json(["rollback", "gone", "1"]), { name: "gone", version: 2 });
  assert.equal(await coffer.ok(["get", "gone"]), "1");
  await coffer.fault("NOT_FOUND", ["rollback", "half", "3"]);
  assert.deepEqual(await coffer.json(["rollback", "half", "2"]), { name: "half", version: 5 });
  assert.equal(await coffer.ok(["list"]), "gone\nhalf\nkept\n");
}, BUNDLE_ONLY);

endToEnd("coffer rm removes deleted secrets, with all that is known of them", async (coffer) => {
  await given(coffer);
  await coffer.ok(["rm", "gone", "half", "--yes"]);
  for (const folder of ["secrets", "kv"]) {
    const names = [...Deno.readDirSync(`${coffer.stackFolder()}/${folder}`)].map(({ name }) => name);
    assert.deepEqual(names, folder === "kv" ? [] : ["kept.json"]);
  }
  await coffer.fault("NOT_FOUND", ["history", "gone"]);
  assert.deepEqual(await coffer.json(["set", "gone"], { stdin: "x" }), { name: "gone", version: 1 });
}, BUNDLE_ONLY);

endToEnd("coffer rekey and a new passphrase keep what was deleted deleted", async (coffer) => {
  await given(coffer);
  const before = await coffer.ok(["history", "half"]);
  await coffer.ok(["rekey"]);
  await coffer.ok(["passphrase", "change", "--work-factor", "10"], {
    env: { COFFER_NEW_PASSPHRASE: "another long one" },
  });
  const env = { COFFER_PASSPHRASE: "another long one" };
  await coffer.fault("NOT_FOUND", ["get", "gone"], { env });
  assert.equal(await coffer.ok(["history", "half"]), before);
  assert.equal((await coffer.run(["verify"], { env })).code, 0);
}, BUNDLE_ONLY);

endToEnd("coffer verify looks at KV files and the stack's settings", async (coffer) => {
  await given(coffer);
  {
    using client = await clientOf(coffer);
    await client.engine.putConfig({ maxVersions: 5 });
  }
  const flip = (path: string) => {
    const text = Deno.readTextFileSync(path);
    const at = text.indexOf('"sealed": "') + 40;
    Deno.writeTextFileSync(path, text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1));
  };
  const verify = async () => {
    const { code, text } = await coffer.run(["verify", "--json"]);
    const { checked, problems } = JSON.parse(text) as { checked: number; problems: { name: string; code: string }[] };
    return { code, checked, problems: problems.map(({ name, code }) => `${name} ${code}`) };
  };
  assert.deepEqual(await verify(), { code: 0, checked: 3, problems: [] });
  flip(`${coffer.stackFolder()}/kv/gone.json`);
  assert.deepEqual(await verify(), { code: 7, checked: 3, problems: ["gone TAMPERED"] });
  await coffer.fault("TAMPERED", ["get", "gone"]);
  assert.equal(await coffer.ok(["get", "kept"]), "1");
  flip(`${coffer.stackFolder()}/kv/.config.json`);
  const problems = ["gone TAMPERED", ".config TAMPERED"];
  assert.deepEqual(await verify(), { code: 7, checked: 3, problems });
  await coffer.fault("TAMPERED", ["set", "kept"], { stdin: "x" });
}, BUNDLE_ONLY);
