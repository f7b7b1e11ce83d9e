import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs, PASSPHRASE } from "../fixture/coffer_cli.ts";

const SECRET = "correct-horse-battery";
const MASK = "*******";

endToEnd("coffer mask passes stdin on with every value of the stack masked", async (coffer) => {
  await coffer.given({ "db/password": SECRET, token: "sk_live_51H8xJ2eZv" });
  const stdin = `raw ${SECRET}, base64 ${btoa(SECRET)}, both ${SECRET}sk_live_51H8xJ2eZv, neither correct-horse\n`;
  const outcome = await coffer.run(["mask"], { stdin });
  assert.equal(outcome.text, `raw ${MASK}, base64 ${MASK}, both ${MASK}, neither correct-horse\n`);
  assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
});

endToEnd("coffer mask masks what is chosen", async (coffer) => {
  await coffer.given({ "db/password": SECRET, "db/user": "alice-of-the-db", token: "sk_live_51H8xJ2eZv" });
  await coffer.ok(["set", "login", "--field", "pin"], { stdin: "90210" });
  const stdin = `${SECRET} alice-of-the-db sk_live_51H8xJ2eZv 90210`;
  const masked = (args: readonly string[]) => coffer.ok(["mask", ...args], { stdin });
  assert.equal(await masked(["-s", "token"]), `${SECRET} alice-of-the-db ${MASK} 90210`);
  assert.equal(await masked(["-s", "login#pin", "-s", "db/user"]), `${SECRET} ${MASK} sk_live_51H8xJ2eZv ${MASK}`);
  assert.equal(await masked(["-s", "coffer://dev/token"]), `${SECRET} alice-of-the-db ${MASK} 90210`);
  assert.equal(await masked(["--prefix", "db/"]), `${MASK} ${MASK} sk_live_51H8xJ2eZv 90210`);
  assert.equal(await masked(["--prefix", "db/", "-s", "token"]), `${MASK} ${MASK} ${MASK} 90210`);
  assert.equal(await masked(["--all", "-s", "login#pin"]), `${MASK} ${MASK} ${MASK} ${MASK}`);
}, BUNDLE_ONLY);

endToEnd("coffer mask passes any other bytes on unchanged", async (coffer) => {
  await coffer.given({ token: SECRET });
  const stdin = new Uint8Array(1_000_000);
  for (let at = 0; at < stdin.length; at += 65_536) crypto.getRandomValues(stdin.subarray(at, at + 65_536));
  assert.deepEqual((await coffer.run(["mask"], { stdin })).stdout, stdin);
  assert.equal(await coffer.ok(["mask"], { stdin: "" }), "");
});

endToEnd("coffer mask passes output on as soon as it cannot be the start of a value", async (coffer) => {
  await coffer.given({ token: SECRET });
  await using child = coffer.spawn(["mask"], { stdin: "" });
  const [input, output] = [child.stdin.getWriter(), child.stdout.getReader()];
  const exchange = async (text: string) => {
    await input.write(new TextEncoder().encode(text));
    return new TextDecoder().decode((await output.read()).value);
  };
  assert.equal(await exchange("first line\n"), "first line\n");
  assert.equal(await exchange("prompt: correct-h"), "prompt: ");
  assert.equal(await exchange("int"), "correct-hint");
  await input.close();
  assert.ok((await output.read()).done);
  assert.equal((await child.status).code, 0);
  await child.stderr.cancel();
});

endToEnd("coffer mask survives Ctrl-C until its input ends", async (coffer) => {
  await coffer.given({ token: SECRET });
  await using child = coffer.spawn(["mask"], { stdin: "" });
  const [input, output] = [child.stdin.getWriter(), child.stdout.getReader()];
  await input.write(new TextEncoder().encode("at work\n"));
  await output.read(); // it reads by now
  child.kill("SIGINT");
  child.kill("SIGINT");
  await input.write(new TextEncoder().encode(`last words: ${SECRET}\n`));
  assert.equal(new TextDecoder().decode((await output.read()).value), `last words: ${MASK}\n`);
  await input.close();
  assert.equal((await child.status).code, 0);
  await Promise.all([output.cancel(), child.stderr.cancel()]);
});

endToEnd("coffer mask ends at SIGTERM and SIGHUP", async (coffer) => {
  await coffer.given({ token: SECRET });
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    await using child = coffer.spawn(["mask"], { stdin: "" });
    const [input, output] = [child.stdin.getWriter(), child.stdout.getReader()];
    await input.write(new TextEncoder().encode("at work\n"));
    await output.read();
    child.kill(signal);
    const { success } = await child.status;
    assert.ok(!success);
    await Promise.all([input.abort().catch(() => {}), output.cancel(), child.stderr.cancel()]);
  }
});

endToEnd("coffer mask ends without a word when its reader goes away", async (coffer) => {
  await coffer.given({ token: SECRET });
  const through = `yes ${SECRET} | "$@" | head -1; exit "\${PIPESTATUS[1]}"`;
  const { code, text, stderr } = await coffer.run(["mask"], { through });
  assert.deepEqual([code, text, stderr], [0, `${MASK}\n`, ""]);
}, { lacking: needs("yes", "head") });

endToEnd("coffer mask delivers all to a slow reader", async (coffer) => {
  await coffer.given({ token: SECRET });
  const through = 'head -c 5000000 /dev/zero | "$@" | { sleep 1; wc -c; }';
  assert.equal((await coffer.ok(["mask"], { through })).trim(), "5000000");
}, BUNDLE_ONLY);

endToEnd("coffer mask fails as UNAVAILABLE when its output is lost to a full disk", async (coffer) => {
  await coffer.given({ token: SECRET });
  const { code, stderr } = await coffer.run(["mask"], { stdin: "text", through: '"$@" > /dev/full' });
  assert.equal(code, 8);
  assert.ok(stderr.includes("[UNAVAILABLE]"), stderr);
});

endToEnd("coffer mask warns by name of values that it leaves visible", async (coffer) => {
  await coffer.given({ PIN: "123", LONG: "12345" });
  const { code, text, stderr } = await coffer.run(["mask"], { stdin: "123 12345" });
  assert.deepEqual([code, text], [0, `123 ${MASK}`]);
  assert.ok(stderr.includes("PIN") && !stderr.includes("LONG") && !stderr.includes("123"), stderr);
  const nothing = await coffer.run(["mask", "--prefix", "typo/", "--json"], { stdin: "12345" });
  assert.deepEqual([nothing.code, nothing.text], [0, "12345"]);
  assert.equal(typeof JSON.parse(nothing.stderr).warning, "string");
});

endToEnd("coffer mask passes nothing on before it has every value", async (coffer) => {
  await coffer.given({ token: SECRET });
  const stdin = `${PASSPHRASE}\n${SECRET}`;
  await coffer.fault("NOT_FOUND", ["mask", "-s", "token", "-s", "missing"], { stdin });
  await coffer.fault("LOCKED", ["mask"], { stdin, env: { COFFER_PASSPHRASE: "wrong" } });
});

endToEnd("coffer mask does not take the passphrase from what it masks", async (coffer) => {
  await coffer.given({ token: SECRET });
  const options = { stdin: `${PASSPHRASE}\n${SECRET}`, env: { COFFER_PASSPHRASE: undefined } };
  await coffer.fault("LOCKED", ["mask"], options);
  await coffer.fault("USAGE", ["mask", "--passphrase-fd", "0"], options);
  const text = await coffer.ok(["mask", "--passphrase-fd", "3"], { ...options, fds: { 3: PASSPHRASE } });
  assert.equal(text, `${PASSPHRASE}\n${MASK}`);
});

endToEnd("coffer mask fails when stdin cannot be read", async (coffer) => {
  await coffer.given({ token: SECRET });
  const { code, text, stderr } = await coffer.run(["mask"], { through: '"$@" < .' });
  assert.deepEqual([code, text], [2, ""]);
  assert.ok(stderr.includes("[USAGE]"), stderr);
});
