import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs } from "../fixture/coffer_cli.ts";

const GIT = { lacking: needs("git") };

endToEnd("coffer writes files 0600 and folders 0700 when the umask is 000", async (coffer) => {
  const open = { through: 'umask 000; "$@"' };
  await coffer.ok(["init", "--work-factor", "10"], open);
  await coffer.ok(["stack", "new", "two", "--work-factor", "10"], open);
  await coffer.ok(["stack", "select", "dev"], open);
  await coffer.ok(["set", "name"], { ...open, stdin: "value" });
  await coffer.ok(["set", "long/".repeat(50) + "name"], { ...open, stdin: "value" });
  await coffer.ok(["rekey"], open);
  await coffer.ok(["passphrase", "change", "--work-factor", "10"], {
    through: 'umask 000; COFFER_NEW_PASSPHRASE="another one" "$@"',
  });
  const seen = [...modesBelow(`${coffer.project}/.coffer`), ...modesBelow(`${coffer.home}/.coffer`)];
  assert.ok(seen.length > 12);
  for (const [path, mode] of seen) assert.equal(mode, path.endsWith("/") ? 0o700 : 0o600, path);
});

for (const umask of ["022", "002"]) {
  endToEnd(`coffer works in a stack that git cloned with umask ${umask}`, async (coffer) => {
    await coffer.given({ name: "value", "other/name": "x" });
    await coffer.given({}, "empty"); // git keeps no empty folders
    const clone = `${coffer.root}/clone`;
    git(coffer, coffer.project, "init -q && git add . && git commit -qm one");
    git(coffer, coffer.root, `clone -q project clone`, umask);
    const there = { cwd: clone };
    assert.equal(await coffer.ok(["get", "name"], there), "value");
    await coffer.ok(["set", "name"], { ...there, stdin: "new" });
    await coffer.ok(["set", "first", "--stack", "empty"], { ...there, stdin: "x" });
    await coffer.ok(["rekey"], there);
    await coffer.ok(["rekey", "--stack", "empty"], there);
    assert.equal(await coffer.ok(["get", "name"], there), "new");
    assert.deepEqual(await coffer.json(["list", "--stack", "empty"], there), ["first"]);
    assert.deepEqual(await coffer.json(["verify"], there), { checked: 2, problems: [] });
  }, GIT);
}

endToEnd("coffer set changes one file when git looks, and leaves older versions their bytes", async (coffer) => {
  await coffer.given({ a: "1", b: "2", c: "3" });
  git(coffer, coffer.project, "init -q && git add . && git commit -qm one");
  await coffer.ok(["set", "b"], { stdin: "new" });
  assert.equal(git(coffer, coffer.project, "status --porcelain").trim(), "M .coffer/stacks/dev/secrets/b.json");
  const lines = git(coffer, coffer.project, "diff --numstat").split("\t");
  assert.deepEqual(lines.slice(0, 2), ["2", "1"]); // the new version's line, and the MAC
  await coffer.ok(["get", "b"]);
  await coffer.ok(["verify"]);
  await coffer.ok(["list"]);
  assert.equal(git(coffer, coffer.project, "status --porcelain").split("\n").length, 2, "reading changes nothing");
}, GIT);

endToEnd("coffer refuses stacks that others can change and links in their place", async (coffer) => {
  await coffer.given({ name: "value" });
  const places = ["", "/secrets", "/stack.json", "/secrets/name.json"].map((path) => coffer.stackFolder() + path);
  for (const place of [`${coffer.project}/.coffer`, ...places]) {
    const mode = Deno.statSync(place).mode! & 0o777;
    Deno.chmodSync(place, mode | 0o002);
    const { hint } = await coffer.fault("DENIED", ["get", "name"]);
    assert.ok((await new Deno.Command("sh", { args: ["-c", hint!] }).output()).success, hint!);
    assert.equal(await coffer.ok(["get", "name"]), "value", place);
    Deno.renameSync(place, `${coffer.root}/aside`);
    Deno.symlinkSync(`${coffer.root}/aside`, place);
    await coffer.fault("DENIED", ["get", "name"]);
    Deno.removeSync(place);
    Deno.renameSync(`${coffer.root}/aside`, place);
  }
}, BUNDLE_ONLY);

function git(coffer: Coffer, cwd: string, command: string, umask = "022"): string {
  const identity = "-c user.name=Test -c user.email=test@example.com -c init.defaultBranch=main";
  const script = `umask ${umask}; git ${identity} ${command.replaceAll("&& git ", `&& git ${identity} `)}`;
  const { success, stdout, stderr } = new Deno.Command("sh", {
    args: ["-c", script],
    cwd,
    env: coffer.environment({ GIT_CONFIG_NOSYSTEM: "1" }),
    clearEnv: true,
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Paths below a folder with their modes; folders end in `/`. */
function modesBelow(folder: string): [string, number][] {
  const seen: [string, number][] = [[`${folder}/`, Deno.statSync(folder).mode! & 0o777]];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) seen.push(...modesBelow(path));
    else seen.push([path, Deno.statSync(path).mode! & 0o777]);
  }
  return seen;
}
