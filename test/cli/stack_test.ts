import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, PASSPHRASE } from "../fixture/coffer_cli.ts";

const CHEAP = ["--work-factor", "10"];

endToEnd("coffer init makes a stack that works at once", async (coffer) => {
  assert.equal(await coffer.ok(["init", ...CHEAP]), "");
  await coffer.ok(["set", "name"], { stdin: "value" });
  assert.equal(await coffer.ok(["get", "name"]), "value");
  assert.deepEqual(await coffer.json(["stack", "list"]), [{ name: "dev", current: true }]);
  await coffer.fault("CONFLICT", ["init", ...CHEAP]);
  assert.equal(await coffer.ok(["get", "name"]), "value");
});

endToEnd("coffer init prints the passphrase that it made, and nothing else on stdout", async (coffer) => {
  const env = { COFFER_PASSPHRASE: undefined };
  const printed = await coffer.ok(["init", "--generate-passphrase", ...CHEAP], { env });
  assert.match(printed, /^([a-z]+-){9}[a-z]+\n$/);
  await coffer.ok(["set", "name"], { env: { COFFER_PASSPHRASE: printed.trim() }, stdin: "value" });
  const other = await coffer.json(["init", "--stack", "two", "--generate-passphrase", ...CHEAP], { env });
  assert.match((other as { passphrase: string }).passphrase, /^([a-z]+-){9}[a-z]+$/);
});

endToEnd("coffer init warns of a weak passphrase and refuses an empty one", async (coffer) => {
  const weak = await coffer.run(["init", ...CHEAP], { env: { COFFER_PASSPHRASE: "password1" } });
  assert.equal(weak.code, 0);
  assert.match(weak.stderr, /weak/);
  assert.ok(!weak.stderr.includes("password1"));
  const strong = await coffer.run(["init", "--stack", "two", ...CHEAP], {
    env: { COFFER_PASSPHRASE: "vivid-marble-onion-cactus-plaza-echo-tunnel" },
  });
  assert.ok(!strong.stderr.includes("weak"));
  await coffer.fault("LOCKED", ["init", "--stack", "three", ...CHEAP], { env: { COFFER_PASSPHRASE: "" } });
  assert.deepEqual((await coffer.json(["stack", "list"]) as unknown[]).length, 2);
});

endToEnd("coffer init leaves nothing behind when it fails", async (coffer) => {
  for (const factor of ["9", "21", "0", "63"]) await coffer.fault("USAGE", ["init", "--work-factor", factor]);
  await coffer.fault("LOCKED", ["init", ...CHEAP], { env: { COFFER_PASSPHRASE: undefined } });
  assert.deepEqual([...Deno.readDirSync(coffer.project)], []);
}, BUNDLE_ONLY);

endToEnd("coffer init works in the project around the folder it is called in", async (coffer) => {
  await coffer.ok(["init", ...CHEAP]);
  const below = `${coffer.project}/a/b`;
  Deno.mkdirSync(below, { recursive: true });
  await coffer.fault("CONFLICT", ["init", ...CHEAP], { cwd: below });
  await coffer.ok(["init", "--stack", "two", ...CHEAP], { cwd: below });
  assert.equal((await coffer.json(["stack", "list"], { cwd: below }) as unknown[]).length, 2);
  await coffer.ok(["set", "name"], { cwd: below, stdin: "value" });
  assert.equal(await coffer.ok(["get", "name"]), "value");
});

endToEnd("coffer init --home makes a stack that is used outside projects only", async (coffer) => {
  const made = await coffer.run(["init", "--home", ...CHEAP]);
  assert.ok(made.code === 0 && !made.stderr.includes("commit"), made.stderr);
  await coffer.ok(["set", "name"], { stdin: "home" });
  assert.ok(Deno.statSync(`${coffer.home}/.coffer/stacks/dev/stack.json`).isFile);
  await coffer.ok(["init", ...CHEAP]); // a project of its own
  await coffer.fault("NOT_FOUND", ["get", "name"]);
  assert.equal(await coffer.ok(["get", "name"], { cwd: coffer.temp }), "home");
  const elsewhere = { COFFER_HOME: `${coffer.root}/elsewhere` };
  await coffer.ok(["init", "--home", ...CHEAP], { cwd: coffer.temp, env: elsewhere });
  assert.ok(Deno.statSync(`${coffer.root}/elsewhere/stacks/dev/stack.json`).isFile);
}, BUNDLE_ONLY);

endToEnd("coffer stack new, list, select and rm manage the stacks of a project", async (coffer) => {
  await coffer.fault("NOT_FOUND", ["stack", "list"]);
  await coffer.ok(["init", ...CHEAP]);
  await coffer.ok(["stack", "new", "staging", ...CHEAP], { env: { COFFER_PASSPHRASE: "another passphrase" } });
  await coffer.fault("CONFLICT", ["stack", "new", "staging", ...CHEAP]);
  assert.equal(await coffer.ok(["stack", "list"]), "* dev\n  staging\n");
  await coffer.ok(["set", "name"], { stdin: "in dev" });
  await coffer.fault("LOCKED", ["set", "name", "--stack", "staging"], { stdin: "x" });

  await coffer.ok(["stack", "select", "staging"]);
  assert.equal(await coffer.ok(["stack", "list"]), "  dev\n* staging\n");
  assert.deepEqual(await coffer.json(["list"]), []);
  assert.deepEqual(await coffer.json(["list", "--stack", "dev"]), ["name"]);
  assert.deepEqual(await coffer.json(["list"], { env: { COFFER_STACK: "dev" } }), ["name"]);
  await coffer.fault("USAGE", ["list"], { env: { COFFER_STACK: "No Stack" } });
  await coffer.fault("NOT_FOUND", ["list"], { env: { COFFER_STACK: "missing" } });
  await coffer.fault("NOT_FOUND", ["stack", "select", "missing"]);
  assert.ok(![...Deno.readDirSync(`${coffer.project}/.coffer`)].some(({ name }) => name.includes("select")));

  await coffer.fault("USAGE", ["stack", "rm", "staging"]); // nobody to ask
  await coffer.ok(["stack", "rm", "staging", "--yes"]);
  await coffer.fault("NOT_FOUND", ["stack", "rm", "staging", "--yes"]);
  await coffer.fault("NOT_FOUND", ["list"]); // still selected
  await coffer.ok(["stack", "select", "dev"]);
  assert.equal(await coffer.ok(["get", "name"]), "in dev");
});

endToEnd("coffer says which stack a new one is, wherever another is used without a word", async (coffer) => {
  const made = async (args: string[], env = {}) =>
    (await coffer.run([...args, ...CHEAP], { env })).stderr.split("next: ")[1]!;
  assert.ok(!(await made(["init"])).includes("--stack"));
  assert.equal((await made(["stack", "new", "staging"])).match(/ --stack staging/g)?.length, 2);
  assert.ok(!(await made(["stack", "new", "three"], { COFFER_STACK: "three" })).includes("--stack"));
  await coffer.ok(["stack", "select", "staging"]);
  await coffer.ok(["stack", "rm", "dev", "--yes"]);
  assert.equal((await made(["init"])).match(/ --stack dev/g)?.length, 2);
});

endToEnd("coffer doctor wants a current stack that there is", async (coffer) => {
  await coffer.given();
  assert.equal((await coffer.run(["doctor"])).code, 0);
  const { code, text } = await coffer.run(["doctor", "--json"], { env: { COFFER_STACK: "gone" } });
  assert.equal(code, 3);
  const bad = (JSON.parse(text) as { state: string; message: string }[]).filter(({ state }) => state === "bad");
  assert.ok(bad.length === 1 && bad[0]!.message.includes("gone"));
});

endToEnd("coffer refuses variables and a working directory that are not text", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const variable of ["COFFER_STACK", "COFFER_HOME", "COFFER_PASSPHRASE_FILE", "COFFER_ADDR"]) {
    const { message } = await coffer.fault("UNSUPPORTED", ["get", "name"], { through: `${variable}=$'\\xff' "$@"` });
    assert.ok(message.includes(variable));
  }
  const inOdd = { through: `mkdir -p $'odd\\xff' && cd $'odd\\xff' && "$@"` };
  await coffer.fault("UNSUPPORTED", ["get", "name"], inOdd);
  await coffer.fault("UNSUPPORTED", ["run", "--", "true"], inOdd);
  await coffer.ok(["version"], inOdd);
}, { ...BUNDLE_ONLY, lacking: Deno.build.os === "linux" ? undefined : "needs Linux" });

endToEnd("coffer refuses its own state when others can read it, and the hint mends that", async (coffer) => {
  await coffer.given({ name: "value" });
  await coffer.ok(["stack", "select", "dev"]);
  const state = `${coffer.home}/.coffer/selected.json`;
  for (const [path, mode] of [[state, 0o644], [state, 0o660]] as const) {
    Deno.chmodSync(path, mode);
    const { hint } = await coffer.fault("DENIED", ["get", "name"]);
    assert.ok((await new Deno.Command("sh", { args: ["-c", hint!] }).output()).success);
    assert.equal(await coffer.ok(["get", "name"]), "value");
  }
  Deno.writeTextFileSync(state, "{ not json");
  await coffer.fault("CONFIG", ["get", "name"]);
  Deno.removeSync(state);
  Deno.symlinkSync("/dev/null", state);
  await coffer.fault("DENIED", ["get", "name"]);
}, BUNDLE_ONLY);

endToEnd("coffer rekey gives the stack another key, and everything still opens", async (coffer) => {
  await coffer.given({ a: "1", "b/c": "2" });
  await coffer.ok(["set", "a"], { stdin: "newer" });
  const before = Deno.readTextFileSync(`${coffer.stackFolder()}/secrets/a.json`);
  assert.deepEqual(await coffer.json(["rekey"]), { secrets: 2, key: 2 });
  assert.notEqual(Deno.readTextFileSync(`${coffer.stackFolder()}/secrets/a.json`), before);
  assert.equal(await coffer.ok(["get", "a"]), "newer");
  assert.equal(await coffer.ok(["get", "a", "--version", "1"]), "1");
  assert.equal(await coffer.ok(["get", "b/c"]), "2");
  Deno.writeTextFileSync(`${coffer.stackFolder()}/secrets/a.json`, before);
  await coffer.fault("TAMPERED", ["get", "a"]);
});

endToEnd("coffer verify counts what is whole and needs the passphrase", async (coffer) => {
  await coffer.given({ a: "1", b: "2" });
  assert.deepEqual(await coffer.json(["verify"]), { checked: 2, problems: [] });
  const { text, stderr } = await coffer.run(["verify"]);
  assert.equal(text, "");
  assert.match(stderr, /2 of 2/);
  await coffer.fault("LOCKED", ["verify"], { env: { COFFER_PASSPHRASE: "wrong" } });
  await coffer.fault("NOT_FOUND", ["verify"], { cwd: coffer.temp });
});

endToEnd("coffer doctor finds what wants fixing, without a passphrase", async (coffer) => {
  const none = { COFFER_PASSPHRASE: undefined };
  const states = async (code: number) => {
    const outcome = await coffer.run(["doctor", "--json"], { env: none });
    assert.equal(outcome.code, code, outcome.text);
    return (JSON.parse(outcome.text) as { check: string; state: string }[]).map(({ check, state }) =>
      [check, state].join()
    );
  };
  assert.ok((await states(0)).includes("project,note"));
  await coffer.given({ name: "value" });
  assert.ok((await states(0)).includes("stack,note")); // the work factor is low
  const secrets = `${coffer.stackFolder()}/secrets`;
  Deno.chmodSync(secrets, 0o777);
  assert.ok((await states(3)).includes("stack,bad"));
  Deno.chmodSync(secrets, 0o700);
  coffer.file(`${coffer.stackFolder()}/stack.json`, "<<<<<<< HEAD\n");
  assert.ok((await states(3)).includes("stack,bad"));
  const { text } = await coffer.run(["doctor"], { env: { COFFER_PASSPHRASE: PASSPHRASE } });
  assert.ok(!text.includes(PASSPHRASE));
  assert.match(text, /^note {2}COFFER_PASSPHRASE is set/m);
});
