import assert from "node:assert/strict";
import { BUNDLE_ONLY, Coffer, endToEnd } from "../fixture/coffer_cli.ts";

const ANY_BYTES: readonly [string, Uint8Array][] = [
  ["empty", new Uint8Array(0)],
  ["one newline", new Uint8Array([10])],
  ["NUL", new Uint8Array([0])],
  ["text with NUL", new TextEncoder().encode("a\0b\0")],
  ["invalid UTF-8", new Uint8Array([0xff, 0xfe, 0xc3, 0x28, 0x80])],
  ["byte order mark", new TextEncoder().encode("\ufefftext")],
  ["carriage returns", new TextEncoder().encode("a\r\nb\r\n")],
  ["every byte", Uint8Array.from({ length: 256 }, (_, i) => i)],
];

endToEnd("coffer get prints what set was given, byte for byte, when it is raw stdin or a file", async (coffer) => {
  await coffer.given();
  for (const [label, bytes] of ANY_BYTES) {
    await coffer.ok(["set", "stdin", "--raw"], { stdin: bytes });
    assert.deepEqual((await coffer.run(["get", "stdin"])).stdout, bytes, `${label} by stdin`);
    const path = coffer.file("value", bytes);
    await coffer.ok(["set", "file", "--from-file", path]);
    assert.deepEqual((await coffer.run(["get", "file"])).stdout, bytes, `${label} by file`);
  }
}, BUNDLE_ONLY);

endToEnd("coffer get prints a MiB of random bytes when set sealed it", async (coffer) => {
  await coffer.given();
  const bytes = randomBytes(1024 * 1024);
  await coffer.ok(["set", "large", "--raw"], { stdin: bytes });
  assert.deepEqual((await coffer.run(["get", "large"])).stdout, bytes);
  await coffer.ok(["set", "copy", "--from-file", coffer.file("large.bin", bytes)]);
  assert.deepEqual((await coffer.run(["get", "copy"])).stdout, bytes);
});

endToEnd("coffer set drops one line end of stdin when it is not raw", async (coffer) => {
  await coffer.given();
  for (const [typed, sealed] of [["a\n", "a"], ["a\r\n", "a"], ["a\n\n", "a\n"], ["a", "a"], ["\n", ""]] as const) {
    await coffer.ok(["set", "value"], { stdin: typed });
    assert.equal(await coffer.ok(["get", "value"]), sealed, JSON.stringify(typed));
  }
}, BUNDLE_ONLY);

endToEnd("coffer set seals a value of 16 MiB and refuses a longer one when it comes", async (coffer) => {
  await coffer.given();
  const limit = 16 * 1024 * 1024;
  const path = coffer.file("large", new Uint8Array(limit).fill(0x61));
  await coffer.ok(["set", "large", "--from-file", path]);
  assert.equal((await coffer.run(["get", "large"])).stdout.length, limit);
  const longer = coffer.file("longer", new Uint8Array(limit + 1));
  await coffer.fault("USAGE", ["set", "large", "--from-file", longer]);
  await coffer.fault("USAGE", ["set", "large"], { through: `"$@" < '${longer}'` });
  assert.equal((await coffer.run(["get", "large"])).stdout.length, limit);
}, BUNDLE_ONLY);

endToEnd("coffer set reads a pipe that is named as a file, and no more of it than a value can have", async (coffer) => {
  await coffer.given({});
  const fromPipe = (command: string) => ({ through: `"$@" --from-file <(${command})` });
  await coffer.ok(["set", "name"], fromPipe("head -c 700000 /dev/zero; printf end"));
  const expected = new Uint8Array(700_003);
  expected.set(new TextEncoder().encode("end"), 700_000);
  assert.deepEqual((await coffer.run(["get", "name"])).stdout, expected);
  await coffer.fault("USAGE", ["set", "name"], fromPipe("yes"));
  await coffer.fault("USAGE", ["set", "name", "--from-file", "/dev/zero"]);
  await coffer.fault("USAGE", ["run", "--env-file", "/dev/zero", "--", "true"]);
}, BUNDLE_ONLY);

endToEnd("coffer set makes a value of letters and digits when asked to", async (coffer) => {
  await coffer.given();
  assert.equal(await coffer.ok(["set", "token", "--generate"]), "");
  assert.match(await coffer.ok(["get", "token"]), /^[A-Za-z0-9]{32}$/);
  await coffer.ok(["set", "token", "--generate=7"]);
  assert.match(await coffer.ok(["get", "token"]), /^[A-Za-z0-9]{7}$/);
  await coffer.ok(["set", "token", "--generate", "9"]);
  assert.match(await coffer.ok(["get", "token"]), /^[A-Za-z0-9]{9}$/);
  for (const length of ["0", "-1", "x", "1.5", "999999999"]) {
    await coffer.fault("USAGE", ["set", "token", `--generate=${length}`]);
  }
});

endToEnd("coffer set refuses a value on its command line when nobody insists", async (coffer) => {
  await coffer.given();
  await coffer.fault("USAGE", ["set", "name", "value"]);
  await coffer.fault("NOT_FOUND", ["get", "name"]);
  await coffer.ok(["set", "name", "value", "--insecure-argv"]);
  assert.equal(await coffer.ok(["get", "name"]), "value");
});

endToEnd("coffer set refuses two sources when they are given at once", async (coffer) => {
  await coffer.given();
  const path = coffer.file("value", "x");
  await coffer.fault("USAGE", ["set", "name", "--from-file", path, "--generate"]);
  await coffer.fault("USAGE", ["set", "name", "value", "--insecure-argv", "--from-file", path]);
});

endToEnd("coffer set names the file when it cannot be read", async (coffer) => {
  await coffer.given();
  await coffer.fault("NOT_FOUND", ["set", "name", "--from-file", "missing"]);
  await coffer.fault("USAGE", ["set", "name", "--from-file", "/"]);
  await coffer.fault("USAGE", ["set", "name", "--from-file", ""]);
  await coffer.fault("USAGE", ["set", "name"], { through: '"$@" < /' });
});

endToEnd("coffer set and get work on one field when it is named", async (coffer) => {
  await coffer.given({ plain: "text" });
  assert.deepEqual(await coffer.json(["set", "db", "--field", "user"], { stdin: "ada\n" }), { name: "db", version: 1 });
  await coffer.ok(["set", "db", "--field", "password"], { stdin: 'p"w\n' });
  assert.equal(await coffer.ok(["get", "db", "--field", "user"]), "ada");
  assert.equal(await coffer.ok(["get", "db", "--field", "password"]), 'p"w');
  assert.deepEqual(JSON.parse(await coffer.ok(["get", "db"])), { user: "ada", password: 'p"w' });
  await coffer.fault("NOT_FOUND", ["get", "db", "--field", "host"]);
  await coffer.fault("NOT_FOUND", ["get", "plain", "--field", "user"]);
  await coffer.fault("CONFLICT", ["set", "plain", "--field", "user"], { stdin: "x" });
  await coffer.fault("USAGE", ["set", "db", "--field", "blob"], { stdin: new Uint8Array([0xff]) });
  await coffer.fault("USAGE", ["get", "db", "--field", "no such"]);
  for (const field of ["__proto__", "constructor", "toString"]) {
    await coffer.fault("NOT_FOUND", ["get", "db", "--field", field]);
    await coffer.ok(["set", "odd", "--field", field], { stdin: "kept" });
    assert.equal(await coffer.ok(["get", "odd", "--field", field]), "kept");
  }
}, BUNDLE_ONLY);

endToEnd("coffer get prints JSON when asked to", async (coffer) => {
  await coffer.given({ text: "värde", bytes: new Uint8Array([0xff, 0]) });
  await coffer.ok(["set", "db", "--field", "user"], { stdin: "ada" });
  const created = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
  const shape = async (...args: string[]) => {
    const data = await coffer.json(["get", ...args]) as Record<string, unknown>;
    assert.match(String(data["created"]), created);
    return { ...data, created: undefined };
  };
  assert.deepEqual(await shape("text"), { name: "text", version: 1, created: undefined, value: "värde" });
  assert.deepEqual(await shape("bytes"), { name: "bytes", version: 1, created: undefined, base64: "/wA=" });
  assert.deepEqual(await shape("db"), { name: "db", version: 1, created: undefined, fields: { user: "ada" } });
  assert.deepEqual(await shape("db", "--field", "user"), {
    name: "db",
    field: "user",
    version: 1,
    created: undefined,
    value: "ada",
  });
  const editor = coffer.file(
    `${coffer.root}/editor`,
    '#!/bin/sh\necho \'{"id":12345678901234567890,"rate":1.10}\' > "$1"\n',
    0o755,
  );
  await coffer.ok(["edit", "db"], { env: { EDITOR: editor } });
  const numbers = await coffer.ok(["get", "db", "--json"]);
  assert.match(numbers, /"id": 12345678901234567890,\n\s*"rate": 1\.10\n/);
});

endToEnd("coffer get fails with a code of its own when there is nothing to get", async (coffer) => {
  await coffer.fault("NOT_FOUND", ["get", "name"]); // no project at all
  await coffer.given({ name: "value" });
  await coffer.fault("NOT_FOUND", ["get", "other"]);
  await coffer.fault("NOT_FOUND", ["get", "name", "--version", "2"]);
  await coffer.fault("NOT_FOUND", ["get", "name", "--stack", "prod"]);
  await coffer.fault("USAGE", ["get", "name", "--version", "0"]);
  await coffer.fault("USAGE", ["get", "name", "--version", "01"]);
  await coffer.fault("USAGE", ["get", "../name"]);
  await coffer.fault("USAGE", ["get"]);
  await coffer.fault("USAGE", ["get", "name", "other"]);
  await coffer.fault("LOCKED", ["get", "name"], { env: { COFFER_PASSPHRASE: "wrong" } });
  await coffer.fault("LOCKED", ["get", "name"], { env: { COFFER_PASSPHRASE: undefined } });
});

endToEnd("coffer set gives every writer's value a version of its own when many write at once", async (coffer) => {
  await coffer.given();
  const write = (c: Coffer, i: number) => c.ok(["set", "counter"], { stdin: `value ${i}` });
  await Promise.all(Array.from({ length: 8 }, (_, i) => write(coffer, i)));
  const values = new Set<string>();
  for (let version = 1; version <= 8; version++) {
    values.add(await coffer.ok(["get", "counter", "--version", String(version)]));
  }
  assert.equal(values.size, 8);
}, BUNDLE_ONLY);

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65536)));
  return bytes;
}
