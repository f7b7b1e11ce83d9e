import assert from "node:assert/strict";
import { type Coffer, endToEnd, eventually, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { atTerminal, NEEDS_TERMINAL, type Step } from "../fixture/terminal_session.ts";

endToEnd("coffer edit seals what the editor saved", async (coffer) => {
  await coffer.given({ "app/config": "old" });
  const EDITOR = editor(coffer, 'printf new > "$1"');
  assert.deepEqual(await coffer.json(["edit", "app/config"], { env: { EDITOR } }), { name: "app/config", version: 2 });
  assert.equal(await coffer.ok(["get", "app/config"]), "new");
  await coffer.ok(["edit", "made/here"], { env: { EDITOR } });
  assert.equal(await coffer.ok(["get", "made/here"]), "new");
  const bytes = editor(coffer, `printf '\\377\\000' > "$1"`);
  await coffer.ok(["edit", "binary"], { env: { EDITOR: bytes } });
  assert.deepEqual((await coffer.run(["get", "binary"])).stdout, new Uint8Array([0xff, 0]));
  assertClean(coffer);
});

endToEnd("coffer edit takes VISUAL before EDITOR, and an editor with arguments", async (coffer) => {
  await coffer.given({ name: "old" });
  const script = editor(coffer, 'printf %s "$1" > "$2"');
  await coffer.ok(["edit", "name"], { env: { VISUAL: `'${script}' 'two words'`, EDITOR: "false" } });
  assert.equal(await coffer.ok(["get", "name"]), "two words");
});

endToEnd("coffer edit changes nothing when the editor changed nothing, failed or was killed", async (coffer) => {
  await coffer.given({ name: "old" });
  assert.equal(await coffer.ok(["edit", "name"], { env: { EDITOR: "true" } }), "");
  await coffer.ok(["edit", "made/here"], { env: { EDITOR: "true" } });
  await coffer.fault("USAGE", ["edit", "name"], { env: { EDITOR: editor(coffer, 'printf new > "$1"; exit 1') } });
  await coffer.fault("USAGE", ["edit", "name"], { env: { EDITOR: editor(coffer, 'printf new > "$1"; kill -9 $$') } });
  await coffer.fault("USAGE", ["edit", "name"], { env: { EDITOR: "no-such-editor" } });
  await coffer.fault("NOT_FOUND", ["edit", "name"], { env: { EDITOR: editor(coffer, 'rm "$1"') } });
  assert.equal((await coffer.json(["history", "name"]) as { versions: unknown[] }).versions.length, 1);
  assert.deepEqual(await coffer.json(["list"]), ["name"]);
  assertClean(coffer);
});

endToEnd("coffer edit refuses to save when somebody else saved meanwhile", async (coffer) => {
  await coffer.given({ name: "old" });
  const opened = `${coffer.temp}/opened`;
  const go = `${coffer.temp}/go`;
  const EDITOR = editor(coffer, `touch '${opened}'; while [ ! -e '${go}' ]; do sleep 0.02; done; printf mine > "$1"`);
  const late = coffer.fault("CONFLICT", ["edit", "name"], { env: { EDITOR } });
  await eventually(() => isFile(opened), "the editor");
  await coffer.ok(["edit", "name"], { env: { EDITOR: editor(coffer, 'printf theirs > "$1"') } });
  coffer.file(go, "");
  await late;
  assert.equal(await coffer.ok(["get", "name"]), "theirs");
  assertClean(coffer);
});

endToEnd("coffer edit keeps fields when the value has fields", async (coffer) => {
  await coffer.given();
  await coffer.ok(["set", "db", "--field", "user"], { stdin: "ada" });
  await coffer.fault("CONFIG", ["edit", "db"], { env: { EDITOR: editor(coffer, 'echo "not json" > "$1"') } });
  await coffer.fault("CONFIG", ["edit", "db"], { env: { EDITOR: editor(coffer, 'echo "[1]" > "$1"') } });
  await coffer.ok(["edit", "db"], { env: { EDITOR: editor(coffer, `echo '{"user":"bob","port":5432}' > "$1"`) } });
  assert.equal(await coffer.ok(["get", "db", "--field", "user"]), "bob");
  assert.equal(await coffer.ok(["get", "db", "--field", "port"]), "5432");
});

endToEnd("coffer edit gives the editor a private file in memory, and no passphrase", async (coffer) => {
  await coffer.given({ name: "old" });
  const seen = `${coffer.temp}/seen`;
  const body = `{ stat -c %a "$1"; stat -c %a "$(dirname "$1")"; stat -f -c %T "$1"; env; } > '${seen}'`;
  await coffer.ok(["edit", "name"], { env: { EDITOR: editor(coffer, body) }, through: 'umask 000; "$@"' });
  const [file, folder, system, ...environment] = Deno.readTextFileSync(seen).split("\n");
  assert.deepEqual([file, folder, system], ["600", "700", "tmpfs"]);
  assert.ok(!environment.some((line) => line.includes("PASSPHRASE")));
});

endToEnd("coffer edit removes the file when a signal ends it", async (coffer) => {
  await coffer.given({ name: "old" });
  const opened = `${coffer.temp}/opened`;
  const EDITOR = editor(coffer, `touch '${opened}'; exec sleep 60`);
  await using child = coffer.spawn(["edit", "name"], { env: { EDITOR: `exec ${EDITOR}` } });
  const output = child.output();
  await eventually(() => isFile(opened), "the editor");
  child.kill("SIGTERM");
  assert.equal((await output).code, 2);
  assertClean(coffer);
});

endToEnd("coffer edit has what cannot be kept edited again, where there is somebody to ask", async (coffer) => {
  await coffer.given();
  await coffer.ok(["set", "db", "--field", "user"], { stdin: "ada" });
  const typing = `if grep -q broken "$1"; then printf '{"user":"bob"}' > "$1"; else printf '{broken' > "$1"; fi`;
  const at = (...steps: readonly Step[]) =>
    atTerminal(coffer, ["edit", "db"], steps, {
      env: { EDITOR: editor(coffer, typing), COFFER_PASSPHRASE: PASSPHRASE },
    });
  assert.equal((await at({ expect: "again?" }, { send: "n\r" })).code, 3);
  assert.equal(await coffer.ok(["get", "db", "--field", "user"]), "ada");
  assert.equal((await at({ expect: "again?" }, { send: "y\r" }, { expect: "version 2" })).code, 0);
  assert.equal(await coffer.ok(["get", "db", "--field", "user"]), "bob");
  assertClean(coffer);
}, NEEDS_TERMINAL);

let count = 0;

function editor(coffer: Coffer, body: string): string {
  return coffer.file(`${coffer.root}/editors/${count++}`, `#!/bin/sh\n${body}\n`, 0o755);
}

/** No private folder is left. */
function assertClean(coffer: Coffer): void {
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
