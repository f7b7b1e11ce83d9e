import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, eventually } from "../fixture/coffer_cli.ts";

const IN_MEMORY = canBeInMemory();
const LACKING = { lacking: IN_MEMORY ? undefined : "needs /dev/shm on a tmpfs" };

endToEnd("coffer run puts secrets into private files that only the command's owner can read", async (coffer) => {
  const bytes = new Uint8Array([0, 0xff, 10]);
  await coffer.given({ "tls/key": bytes, NAME: "text" });
  const script = 'stat -c "%a %F" "$COFFER_FILES" "$COFFER_FILES/tls" "$TLS_KEY_FILE" "$NAME_FILE"; ' +
    'echo "$TLS_KEY_FILE" "$NAME_FILE"; od -An -tx1 "$TLS_KEY_FILE"; stat -f -c %T "$COFFER_FILES"';
  const flags = ["--file", "tls/key=tls/key.pem", "--file", "NAME", "--no-mask"];
  const text = await coffer.ok(["run", ...flags, "--", "sh", "-c", script], { through: 'umask 000; "$@"' });
  const lines = text.trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 4), ["700 directory", "700 directory", "600 regular file", "600 regular file"]);
  const [key, name] = lines[4]!.split(" ");
  assert.match(key!, /^\/dev\/shm\/.*\/coffer-[0-9a-f]{16}\/tls\/key\.pem$/);
  assert.match(name!, /\/NAME$/);
  assert.equal(lines[5]!.trim(), "00 ff 0a");
  assert.equal(lines[6], "tmpfs");
  assert.deepEqual(left(coffer), []);
}, LACKING);

endToEnd("coffer run sets no variable but the paths when only files are chosen", async (coffer) => {
  await coffer.given({ KEY: "value", OTHER: "other" });
  const text = await coffer.ok(["run", "--file", "KEY", "--no-mask", "--", "env"]);
  const names = text.split("\n").map((line) => line.split("=")[0]!).filter((n) => /KEY|OTHER|COFFER/i.test(n)).sort();
  assert.deepEqual(names, ["COFFER_FILES", "KEY_FILE"]);
}, LACKING);

endToEnd("coffer run renders templates into the private folder", async (coffer) => {
  await coffer.given({ "db/password": 'p"wd', USER: "ada" });
  coffer.file("in.tpl", "u={{ coffer:///USER }} p={{coffer:///db/password}} again coffer:///USER.\n");
  const script = 'cat "$COFFER_FILES/conf/app.conf"';
  const flags = ["--template", "in.tpl=conf/app.conf", "--no-mask"];
  assert.equal(await coffer.ok(["run", ...flags, "--", "sh", "-c", script]), 'u=ada p=p"wd again ada.\n');
  assert.equal(
    await coffer.ok(["run", "--template", "in.tpl=conf/app.conf", "--", "sh", "-c", script]),
    "u=ada p=******* again ada.\n", // `ada` is too short to be masked
  );
  await coffer.fault("NOT_FOUND", ["run", "--template", "missing=out", "--", "true"]);
  coffer.file("binary.tpl", new Uint8Array([0xff]));
  await coffer.fault("CONFIG", ["run", "--template", "binary.tpl=out", "--", "true"]);
  assert.deepEqual(left(coffer), []);
}, LACKING);

endToEnd("coffer run refuses file names that lead out of the private folder", async (coffer) => {
  await coffer.given({ KEY: "value", other: "other" });
  coffer.file("in.tpl", "text");
  const escapes = ["../x", "/x", "a/../../x", "a//b", "./x", "a/.", "..", "."];
  for (const path of escapes) {
    await coffer.fault("USAGE", ["run", "--file", `KEY=${path}`, "--", "true"]);
    await coffer.fault("USAGE", ["run", "--template", `in.tpl=${path}`, "--", "true"]);
  }
  await coffer.fault("USAGE", ["run", "--file", "KEY=", "--", "true"]);
  await coffer.fault("USAGE", ["run", "--template", "in.tpl=", "--", "true"]);
  await coffer.fault("CONFLICT", ["run", "--file", "KEY=a", "--file", "other=a", "--", "true"]);
  await coffer.fault("CONFLICT", ["run", "--file", "KEY=a", "--file", "other=a/b", "--", "true"]);
  await coffer.fault("UNAVAILABLE", ["run", "--file", `KEY=${"x".repeat(300)}`, "--", "true"]);
  assert.deepEqual(left(coffer), []);
  assert.ok(![...Deno.readDirSync(coffer.runtime)].some(({ name }) => name === "x"));
}, LACKING);

endToEnd("coffer run leaves no file behind when the command fails, is killed or does not start", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const run = ["run", "--file", "KEY", "--"];
  assert.equal((await coffer.run([...run, "false"])).code, 1);
  assert.equal((await coffer.run([...run, "sh", "-c", "kill -9 $$"])).code, 137);
  assert.equal((await coffer.run([...run, "no-such-command"])).code, 127);
  assert.equal((await coffer.run([...run, "sh", "-c", 'rm -rf "$COFFER_FILES"'])).code, 0);
  assert.equal(
    (await coffer.run([...run, "sh", "-c", 'mkdir "$COFFER_FILES/more"; echo x > "$COFFER_FILES/more/f"'])).code,
    0,
  );
  assert.deepEqual(left(coffer), []);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    await using child = coffer.spawn([...run, "sleep", "60"]);
    const output = child.output();
    await eventually(() => left(coffer).length === 1, "the folder");
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill(signal);
    await output;
    assert.deepEqual(left(coffer), [], signal);
  }
}, LACKING);

endToEnd("coffer run leaves neither files nor the command behind when it is killed", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const pid = `${coffer.temp}/pid`;
  const script = `echo $$ > '${pid}.new'; mv '${pid}.new' '${pid}'; sleep 60 & sleep 60`;
  await using killed = coffer.spawn(["run", "--file", "KEY", "--template", "in.tpl=out", "--", "sh", "-c", script], {
    cwd: (coffer.file("in.tpl", "{{ coffer:///KEY }}"), coffer.project),
  });
  const output = killed.output();
  await eventually(() => exists(pid), "the command");
  assert.equal(left(coffer).length, 1);
  killed.kill("SIGKILL");
  await killed.status;
  await eventually(() => left(coffer).length === 0, "the folder to go");
  await output; // ends when every process that has the pipe has ended
}, LACKING);

endToEnd("coffer run removes what was left behind when nothing could, and nothing that is in use", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const stale = `${coffer.runtime}/coffer-0123456789abcdef`;
  Deno.mkdirSync(stale, { mode: 0o700 });
  Deno.writeTextFileSync(`${stale}/KEY`, "value");

  await using running = coffer.spawn(["run", "--file", "KEY", "--", "sh", "-c", `cat; cat "$KEY_FILE"`], { stdin: "" });
  const used = running.output();
  await eventually(() => left(coffer).length === 1 && !exists(`${stale}/KEY`), "the sweep");
  await coffer.ok(["run", "--file", "KEY", "--", "true"]);
  assert.equal(left(coffer).length, 1, "the folder of the running one stays");
  await running.stdin.close();
  assert.equal(new TextDecoder().decode((await used).stdout), "*******");
  assert.deepEqual(left(coffer), []);
}, LACKING);

endToEnd("coffer run gives every process its folder when many start at once", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const run = () => coffer.run(["run", "--no-mask", "--file", "KEY", "--", "sh", "-c", 'cat "$KEY_FILE"']);
  const outcomes = await Promise.all(Array.from({ length: 24 }, run));
  for (const { code, text, stderr } of outcomes) assert.deepEqual([code, text], [0, "value"], stderr);
  assert.deepEqual(left(coffer), []);
}, { ...BUNDLE_ONLY, ...LACKING });

/** Private folders that are there now. */
function left(coffer: Coffer): string[] {
  return [...Deno.readDirSync(coffer.runtime)].map(({ name }) => name).filter((name) => name.startsWith("coffer-"));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function canBeInMemory(): boolean {
  try {
    return new TextDecoder().decode(
      new Deno.Command("stat", { args: ["-f", "-c", "%T", "/dev/shm"] }).outputSync().stdout,
    )
      .trim() === "tmpfs";
  } catch {
    return false;
  }
}
