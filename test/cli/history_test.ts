import assert from "node:assert/strict";
import { endToEnd } from "../fixture/coffer_cli.ts";
import { atTerminal, NEEDS_TERMINAL } from "../fixture/terminal_session.ts";

const NO_PASSPHRASE = { env: { COFFER_PASSPHRASE: undefined } };

endToEnd("coffer list prints names in order, without a passphrase", async (coffer) => {
  await coffer.fault("NOT_FOUND", ["list"]);
  await coffer.given({ "b/two": "x", "b/one": "x", A: "x", a: "x" });
  assert.equal(await coffer.ok(["list"], NO_PASSPHRASE), "A\na\nb/one\nb/two\n");
  assert.deepEqual(await coffer.json(["list", "b/"], NO_PASSPHRASE), ["b/one", "b/two"]);
  assert.equal(await coffer.ok(["list", "c"], NO_PASSPHRASE), "");
  assert.deepEqual(await coffer.json(["list", "c"], NO_PASSPHRASE), []);
});

endToEnd("coffer history prints versions, newest first, without a passphrase", async (coffer) => {
  await coffer.given({ name: "first" });
  await coffer.ok(["set", "name"], { stdin: "second" });
  const data = await coffer.json(["history", "name"], NO_PASSPHRASE) as {
    name: string;
    versions: { version: number; created: string; type: string }[];
  };
  assert.equal(data.name, "name");
  assert.deepEqual(data.versions.map(({ version, type }) => [version, type]), [[2, "bytes"], [1, "bytes"]]);
  assert.match(await coffer.ok(["history", "name"], NO_PASSPHRASE), /^ +2 {2}\S+Z {2}bytes\n +1 {2}\S+Z {2}bytes\n$/);
  await coffer.fault("NOT_FOUND", ["history", "other"], NO_PASSPHRASE);
  await coffer.fault("USAGE", ["history"], NO_PASSPHRASE);
});

endToEnd("coffer keeps ten versions, and rollback makes an older one the newest", async (coffer) => {
  await coffer.given();
  for (let i = 1; i <= 12; i++) await coffer.ok(["set", "name"], { stdin: `value ${i}` });
  assert.equal(await coffer.ok(["get", "name", "--version", "3"]), "value 3");
  await coffer.fault("NOT_FOUND", ["get", "name", "--version", "2"]);
  assert.deepEqual(await coffer.json(["rollback", "name", "3"]), { name: "name", version: 13 });
  assert.equal(await coffer.ok(["get", "name"]), "value 3");
  assert.equal(await coffer.ok(["get", "name", "--version", "12"]), "value 12");
  await coffer.fault("NOT_FOUND", ["rollback", "name", "2"]);
  await coffer.fault("NOT_FOUND", ["rollback", "name", "99"]);
  await coffer.fault("NOT_FOUND", ["rollback", "other", "1"]);
  await coffer.fault("USAGE", ["rollback", "name"]);
  await coffer.fault("USAGE", ["rollback", "name", "0"]);
});

endToEnd("coffer rm removes all that are named, or none when one is missing", async (coffer) => {
  await coffer.given({ a: "1", b: "2", c: "3" });
  const { message } = await coffer.fault("NOT_FOUND", ["rm", "a", "x", "b", "y", "--yes"]);
  assert.ok(message.includes("x") && message.includes("y"));
  assert.deepEqual(await coffer.json(["list"]), ["a", "b", "c"]);
  assert.deepEqual(await coffer.json(["rm", "a", "b", "--yes"]), { removed: ["a", "b"] });
  assert.deepEqual(await coffer.json(["list"]), ["c"]);
  await coffer.ok(["rm", "c"]); // nobody to ask
  assert.deepEqual(await coffer.json(["list"]), []);
});

endToEnd("coffer rm and stack rm ask at a terminal, and only yes is yes", async (coffer) => {
  await coffer.given({ name: "value" });
  const env = { COFFER_PASSPHRASE: coffer.env["COFFER_PASSPHRASE"] };
  for (const answer of ["n\r", "\r", "yess\r", "\x04"]) {
    assert.equal((await atTerminal(coffer, ["rm", "name"], [{ expect: "[y/N]" }, { send: answer }], { env })).code, 2);
    const stack = await atTerminal(coffer, ["stack", "rm", "dev"], [{ expect: "[y/N]" }, { send: answer }], { env });
    assert.equal(stack.code, 2);
  }
  assert.equal((await atTerminal(coffer, ["rm", "name"], [{ expect: "[y/N]" }, { send: "y\r" }], { env })).code, 0);
  assert.deepEqual(await coffer.json(["list"]), []);
  const steps = [{ expect: "[y/N]" }, { send: "YES\r" }];
  assert.equal((await atTerminal(coffer, ["stack", "rm", "dev"], steps, { env })).code, 0);
  assert.deepEqual(await coffer.json(["stack", "list"]), []);
}, NEEDS_TERMINAL);
