import { strict as assert } from "node:assert";
import { bundleLibrary } from "../scripts/bundle.ts";
import { writeStackFolder } from "./reference/format/stack_writer.ts";
import { seededRandom } from "./reference/format/seeded_random.ts";
import { temporaryFolder } from "./fixture/temporary_folder.ts";

const PASSPHRASE = "correct horse battery staple";

/** Runs in Node: seals in a store in memory, then opens a stack whose files it reads itself. Prints what it found. */
const PROGRAM = `
import { readFile } from "node:fs/promises";
import * as coffer from "./mod.js";

const found = {};
const passphrase = () => coffer.Secret.fromText(${JSON.stringify(PASSPHRASE)});

const store = new coffer.MemoryStore();
const name = coffer.parseSecretName("db/password");
const made = await coffer.createStack(store, passphrase(), { logN: 10 });
const value = coffer.Secret.fromText("hunter2");
await made.set(name, { value, type: "bytes" });
found.shown = String(value) + JSON.stringify({ value });
const opened = await (await coffer.LockedStack.load(store)).unlock(passphrase());
found.sealedHere = (await opened.get(name)).value.revealText();
found.wrong = await (await coffer.LockedStack.load(store)).unlock(coffer.Secret.fromText("wrong")).catch((e) => e.code);

const fromDisk = new coffer.MemoryStore();
await fromDisk.exclusively(async (writer) => {
  await writer.write(coffer.STACK_DOCUMENT, await readFile("stack/stack.json"));
  await writer.write(coffer.secretDocument("greeting"), await readFile("stack/secrets/greeting.json"));
});
const stack = await (await coffer.LockedStack.load(fromDisk)).unlock(passphrase());
found.sealedElsewhere = (await stack.get("greeting")).value.revealText();
console.log(JSON.stringify(found));
`;

const node = await new Deno.Command("node", { args: ["--version"], stdout: "null", stderr: "null" }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: `mod seals, opens and reads a stack in Node${node ? "" : " (skipped: there is no node)"}`,
  ignore: !node,
  async fn() {
    using folder = temporaryFolder();
    await bundleLibrary(folder.path);
    const created = "2026-01-02T03:04:05Z";
    await writeStackFolder(`${folder.path}/stack`, {
      passphrase: PASSPHRASE,
      logN: 10,
      created,
      secrets: [{ name: "greeting", versions: [{ value: new TextEncoder().encode("bonjour"), created }] }],
      random: seededRandom("node"),
    });
    await Deno.writeTextFile(`${folder.path}/program.mjs`, PROGRAM);
    const run = new Deno.Command("node", { args: ["program.mjs"], cwd: folder.path });
    const { code, stdout, stderr } = await run.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
      shown: '[secret]{"value":"[secret]"}',
      sealedHere: "hunter2",
      wrong: "LOCKED",
      sealedElsewhere: "bonjour",
    });
  },
});
