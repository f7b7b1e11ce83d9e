import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, lastReport } from "../fixture/coffer_cli.ts";

const NAMES = Array.from({ length: 20 }, (_, i) => `group${i % 3}/secret-${i}`);
const valueOf = (name: string) => `the value of ${name}, ${"x".repeat(40)}`;
const SECRETS = Object.fromEntries(NAMES.map((name) => [name, valueOf(name)]));

const pathOf = (coffer: Coffer, name: string, stack = "dev") =>
  `${coffer.stackFolder(stack)}/secrets/${name.replace("/", "+")}.json`;

/** `get` and `verify` must refuse, and print nothing of any value. */
async function assertRefused(coffer: Coffer, name: string, label: string): Promise<void> {
  const get = await coffer.run(["get", name, "--json"]);
  assert.ok([3, 7].includes(get.code), `${label}: get exits with ${get.code}`);
  assert.equal(get.text, "", label);
  assert.ok(["CONFIG", "TAMPERED"].includes(lastReport(get).error!.code), label);
  const verify = await coffer.run(["verify"]);
  assert.equal(verify.code, get.code, `${label}: verify`);
  for (const { text, stderr } of [get, verify]) assert.ok(!(text + stderr).includes("the value of"), label);
}

endToEnd("coffer refuses a secret's file when it was changed in any way", async (coffer) => {
  await coffer.given(SECRETS);
  await coffer.given({ [NAMES[0]!]: "in another stack" }, "other");
  const name = NAMES[0]!;
  const path = pathOf(coffer, name);
  await coffer.ok(["set", name], { stdin: valueOf(name) + " 2" });
  const whole = Deno.readTextFileSync(path);
  const lines = whole.split("\n");
  const changed: Record<string, string> = {
    empty: "",
    "another's file": Deno.readTextFileSync(pathOf(coffer, NAMES[1]!)),
    "another stack's file": Deno.readTextFileSync(pathOf(coffer, name, "other")),
    "no last line end": whole.slice(0, -1),
    "more after the end": whole + "\n",
    "carriage returns": whole.replaceAll("\n", "\r\n"),
    "merge conflict": `<<<<<<< HEAD\n${whole}=======\n${whole}>>>>>>> theirs\n`,
    "conflict inside": [
      ...lines.slice(0, 6),
      "<<<<<<< HEAD",
      lines[6],
      "=======",
      lines[7],
      ">>>>>>> theirs",
      ...lines.slice(8),
    ]
      .join("\n"),
    "versions swapped": lines.map((line) => line.replace(/"version":([12])/, (_, n) => `"version":${3 - Number(n)}`))
      .join("\n"),
    "old version as newest": whole.replace('"version":2', '"version":3').replace('"version":1', '"version":2'),
    "version raised": whole.replace('"version":2', '"version":9'),
    "newest dropped": lines.filter((line) => !line.includes('"version":2')).join("\n"),
    "type changed": whole.replace('"type":"bytes"', '"type":"json"'),
    "time changed": whole.replace(/"created":"2/, '"created":"1'),
    "key changed": whole.replace('"key": 1', '"key": 2'),
  };
  for (const [i] of lines.entries()) changed[`cut after line ${i}`] = lines.slice(0, i).join("\n") + "\n";
  delete changed[`cut after line ${lines.length - 1}`]; // that is the whole file
  for (const [i, line] of lines.entries()) {
    if (line.length < 12) continue;
    for (const at of [3, Math.floor(line.length / 2), line.length - 4]) {
      const flipped = String.fromCharCode(line.charCodeAt(at) ^ 1);
      changed[`line ${i} flipped at ${at}`] = lines.with(i, line.slice(0, at) + flipped + line.slice(at + 1)).join(
        "\n",
      );
    }
  }
  assert.ok(Object.keys(changed).length > 30);
  for (const [label, text] of Object.entries(changed)) {
    assert.notEqual(text, whole, label);
    Deno.writeTextFileSync(path, text);
    await assertRefused(coffer, name, label);
  }
  Deno.writeTextFileSync(path, whole);
  assert.equal(await coffer.ok(["get", name]), valueOf(name) + " 2");
}, BUNDLE_ONLY);

endToEnd("coffer refuses the stack when its header was changed in any way", async (coffer) => {
  await coffer.given(SECRETS);
  await coffer.given({}, "other");
  const path = `${coffer.stackFolder()}/stack.json`;
  const whole = Deno.readTextFileSync(path);
  const lines = whole.split("\n");
  const changed: Record<string, string> = {
    empty: "",
    "merge conflict": `<<<<<<< HEAD\n${whole}=======\n${whole}>>>>>>> theirs\n`,
    "another key number": whole.replace('"keys": [1]', '"keys": [2]'),
  };
  for (const [i] of lines.slice(1).entries()) changed[`cut after line ${i}`] = lines.slice(0, i).join("\n") + "\n";
  for (const [i, line] of lines.entries()) {
    if (line.length < 12) continue;
    for (const at of [3, Math.floor(line.length / 2), line.length - 4]) {
      const flipped = String.fromCharCode(line.charCodeAt(at) ^ 1);
      changed[`line ${i} flipped at ${at}`] = lines.with(i, line.slice(0, at) + flipped + line.slice(at + 1)).join(
        "\n",
      );
    }
  }
  for (const [label, text] of Object.entries(changed)) {
    Deno.writeTextFileSync(path, text);
    await assertRefused(coffer, NAMES[0]!, label);
    const outcome = await coffer.run(["run", "--", "echo", "started"]);
    assert.deepEqual([outcome.code, outcome.text], [125, ""], label);
  }
  // Another stack's header with the same passphrase: none of the secrets is of that stack.
  Deno.copyFileSync(`${coffer.stackFolder("other")}/stack.json`, path);
  await assertRefused(coffer, NAMES[0]!, "another stack's header");
}, BUNDLE_ONLY);

endToEnd("coffer names the damaged secrets and still opens the others", async (coffer) => {
  await coffer.given(SECRETS);
  const [damaged, unparsable, fine] = [NAMES[3]!, NAMES[4]!, NAMES[5]!];
  const text = Deno.readTextFileSync(pathOf(coffer, damaged));
  Deno.writeTextFileSync(pathOf(coffer, damaged), text.replace(/"mac": "../, (m) => m.slice(0, -2) + "AA"));
  Deno.writeTextFileSync(pathOf(coffer, unparsable), "<<<<<<< HEAD\n");
  await coffer.fault("TAMPERED", ["get", damaged]);
  await coffer.fault("CONFIG", ["get", unparsable]);
  assert.equal(await coffer.ok(["get", fine]), valueOf(fine));
  const verify = await coffer.run(["verify", "--json"]);
  assert.equal(verify.code, 7);
  const { checked, problems } = JSON.parse(verify.text) as {
    checked: number;
    problems: { name: string; code: string }[];
  };
  assert.equal(checked, 20);
  const found = problems.map(({ name, code }) => `${name} ${code}`).sort();
  assert.deepEqual(found, [`${damaged} TAMPERED`, `${unparsable} CONFIG`].sort());
  // All or nothing.
  await coffer.fault("TAMPERED", ["export", "--prefix", damaged]);
  for (const args of [["export", "-f", "json"], ["rekey"], ["run", "--", "echo", "started"]]) {
    const { code, text } = await coffer.run(args);
    assert.ok([3, 7, 125].includes(code), args.join(" "));
    assert.equal(text, "");
  }
  Deno.removeSync(pathOf(coffer, damaged));
  assert.equal((await coffer.run(["verify"])).code, 3, "unparsable only");
});

endToEnd("coffer get of a secret fails when its file was renamed", async (coffer) => {
  await coffer.given(SECRETS);
  Deno.renameSync(pathOf(coffer, NAMES[0]!), pathOf(coffer, "renamed/secret"));
  await coffer.fault("NOT_FOUND", ["get", NAMES[0]!]);
  await coffer.fault("TAMPERED", ["get", "renamed/secret"]);
  assert.equal((await coffer.run(["verify"])).code, 7);
}, BUNDLE_ONLY);
