/** Every access to secrets leaves a line in the user's audit log, or does not take place. */
import assert from "node:assert/strict";
import { EXIT, type FaultCode } from "../../core/fault.ts";
import { BUNDLE_ONLY, type Coffer, endToEnd, filesBelow, type RunOptions } from "../fixture/coffer_cli.ts";
import { CAN_MOUNT, run as runOnHost, smallDisk } from "../fixture/temporary_folder.ts";

interface Line {
  readonly seq: number;
  readonly hash: string;
  readonly operation: string;
  readonly access: string;
  readonly stack?: string;
  readonly secrets: readonly { readonly name: string; readonly version?: number }[];
  readonly missing: number;
  readonly outcome: string;
}

interface Verdict {
  readonly lines: number;
  readonly end: { readonly seq: number; readonly hash: string };
  readonly problems: readonly { readonly kind: string }[];
  readonly notes: readonly { readonly kind: string }[];
}

async function lines(coffer: Coffer, ...args: string[]): Promise<Line[]> {
  return await coffer.json(["audit", ...args]) as Line[];
}

function short({ operation, access, stack = "-", secrets, missing, outcome }: Line): string {
  const names = secrets.map(({ name, version }) => version === undefined ? name : `${name}@${version}`);
  return [operation, access, stack, ...names, ...(missing > 0 ? [`+${missing}`] : []), outcome].join(" ");
}

endToEnd("coffer audit has a line for every access, of every command that has one", async (coffer) => {
  await coffer.given({ a: "value a", b: "value b" });
  await coffer.given({ c: "value c" }, "other");
  const template = coffer.file("t.tpl", "{{ coffer:///a }} {{ coffer://other/c }}");
  const toml = coffer.file("declared/coffer.toml", '[env]\nA = { secret = "a", pattern = "value.*" }\n');
  const declared = { cwd: toml.slice(0, toml.lastIndexOf("/")) };
  const editor = { env: { EDITOR: coffer.file(`${coffer.root}/editor`, '#!/bin/sh\necho new > "$1"\n', 0o755) } };
  const entries = JSON.stringify({ a: "value a", b: "new b", d: "value d" });
  const credentials = [{ name: "t", source: { value: "value t" } }, { name: "e", source: { env: "OUTSIDE" } }];
  const set = JSON.stringify({ schemaVersion: "1.0.1", name: "s", credentials });
  const steps: [args: string[], options: RunOptions, code: number, expected: string[]][] = [
    [["get", "a"], {}, 0, ["get read dev a@1 ok"]],
    [["get", "a", "--stack", "other"], {}, EXIT.NOT_FOUND, ["get read other +1 NOT_FOUND"]],
    [["get", "a", "--version", "7"], {}, EXIT.NOT_FOUND, ["get read dev a NOT_FOUND"]],
    [["get", "a"], { env: { COFFER_PASSPHRASE: "wrong" } }, EXIT.LOCKED, ["get unlock dev LOCKED"]],
    [["get", "a"], { env: { COFFER_PASSPHRASE: undefined } }, EXIT.LOCKED, []],
    [["set", "a"], { stdin: "two" }, 0, ["set write dev a@2 ok"]],
    [["set", "new", "--field", "x"], { stdin: "x" }, 0, ["set write dev new@1 ok"]],
    [["set", "a", "--field", "x"], { stdin: "x" }, EXIT.CONFLICT, ["set write dev a CONFLICT"]],
    [["rollback", "a", "1"], {}, 0, ["rollback write dev a@3 ok"]],
    [["edit", "a"], editor, 0, ["edit read dev a@3 ok", "edit write dev a@4 ok"]],
    [["import", "-", "-f", "json"], { stdin: entries }, 0, ["import write dev a@5 b@2 d@1 ok"]],
    [["rm", "d", "--yes"], {}, 0, ["rm remove dev d ok"]],
    [["rm", "d", "a", "--yes"], {}, EXIT.NOT_FOUND, ["rm remove dev a +1 NOT_FOUND"]],
    [["export", "-f", "json"], {}, 0, ["export read dev a@5 b@2 new@1 ok"]],
    [["inject", template], {}, 0, ["inject read dev a@5 ok", "inject read other c@1 ok"]],
    [["run", "-s", "a", "-s", "b", "--", "true"], {}, 0, ["run read dev a@5 b@2 ok"]],
    [["run", "-s", "a", "--exec", "--", "true"], {}, 0, ["run read dev a@5 ok"]],
    [["run", "-s", "a", "-s", "nothing", "--", "true"], {}, 125, ["run read dev a@5 +1 ok"]],
    [["run", "--", "true"], declared, 0, ["run read dev a@5 ok"]],
    [["check"], declared, 0, ["check read dev a@5 ok"]],
    [["mask", "-s", "a"], { stdin: "text" }, 0, ["mask read dev a@5 ok"]],
    [["credentials", "apply", "-"], { stdin: set }, 0, ["credentials apply write dev credentials/s/t@1 ok"]],
    [
      ["run", "--credentials", "s", "--", "true"],
      { env: { OUTSIDE: "value" } },
      0,
      ["run read - ok", "run read dev credentials/s/t@1 ok"],
    ],
    [
      ["credentials", "edit", "s"],
      { env: { EDITOR: coffer.file(`${coffer.root}/seal`, `#!/bin/sh\nsed -i 's/env: .*/value: x/' "$1"\n`, 0o755) } },
      0,
      ["credentials edit write dev credentials/s/e@1 ok"],
    ],
    [["credentials", "list"], {}, 0, []],
    [["credentials", "show", "s"], {}, 0, []],
    [["provider", "list"], {}, 0, []],
    [
      ["credentials", "delete", "s"],
      {},
      0,
      ["credentials delete remove dev credentials/s/e ok", "credentials delete remove dev credentials/s/t ok"],
    ],
    [["verify"], {}, 0, ["verify verify dev a b new ok"]],
    [["rekey"], {}, 0, ["rekey rekey dev a b new ok"]],
    [
      ["passphrase", "change", "--work-factor", "10"],
      { env: { COFFER_NEW_PASSPHRASE: "the next passphrase" } },
      0,
      ["passphrase change passphrase dev ok"],
    ],
    [["stack", "rm", "other", "--yes"], {}, 0, ["stack rm remove other c ok"]],
    // No value is opened by these.
    [["list"], {}, 0, []],
    [["history", "a"], {}, 0, []],
    [["doctor"], {}, 0, []],
    [["stack", "list"], {}, 0, []],
    [["stack", "new", "third", "--work-factor", "10"], {}, 0, []],
    [["audit", "--verify"], {}, 0, []],
    [["get"], {}, EXIT.USAGE, []],
  ];
  let seen = 0;
  for (const [args, options, code, expected] of steps) {
    assert.equal((await coffer.run(args, options)).code, code, args.join(" "));
    const all = (await lines(coffer)).map(short);
    assert.deepEqual(all.slice(seen).sort(), expected, args.join(" "));
    seen = all.length;
  }
  assert.deepEqual((await lines(coffer)).map(({ seq }) => seq), [...Array(seen).keys()].map((i) => i + 1));
  const text = await coffer.ok(["audit"]);
  assert.equal(text.trimEnd().split("\n").length, seen);
  assert.match(text, /get {2}read {2}dev {2}a@1 {2}ok\n/);
}, BUNDLE_ONLY);

endToEnd("coffer records an access on every target", async (coffer) => {
  await coffer.given({ a: "value" });
  await coffer.ok(["get", "a"]);
  await coffer.ok(["run", "--", "true"]);
  assert.deepEqual((await lines(coffer)).map(short), ["get read dev a@1 ok", "run read dev a@1 ok"]);
  assert.deepEqual((await coffer.json(["audit", "--verify"]) as Verdict).problems, []);
});

/** Nothing is handed out, started or changed. */
async function assertRefused(coffer: Coffer, codes: FaultCode, options: RunOptions): Promise<void> {
  const before = filesBelow(coffer.stackFolder());
  const marker = `${coffer.temp}/started`;
  const attempts: [string[], RunOptions][] = [
    [["get", "a"], {}],
    [["run", "--", "touch", marker], {}],
    [["run", "--exec", "--", "touch", marker], {}],
    [["export", "-f", "json"], {}],
    [["mask", "-s", "a"], { stdin: "text" }],
    [["set", "a"], { stdin: "new" }],
    [["import", "-", "-f", "json"], { stdin: '{"b": "c"}' }],
    [["rm", "a", "--yes"], {}],
    [["rollback", "a", "1"], {}],
    [["rekey"], {}],
    [["verify"], {}],
    [["passphrase", "change", "--work-factor", "10"], { env: { COFFER_NEW_PASSPHRASE: "the next passphrase" } }],
    [["stack", "rm", "dev", "--yes"], {}],
  ];
  for (const [args, more] of attempts) {
    const { hint } = await coffer.fault(codes, args, { ...options, ...more, env: { ...options.env, ...more.env } });
    assert.ok(hint, args.join(" "));
  }
  assert.throws(() => Deno.statSync(marker), Deno.errors.NotFound);
  assert.deepEqual(filesBelow(coffer.stackFolder()), before);
  // What opens no value goes on.
  assert.deepEqual(await coffer.json(["list"], options), ["a"]);
  await coffer.ok(["history", "a"], options);
}

endToEnd("coffer refuses every access when the audit log cannot be made", async (coffer) => {
  await coffer.given({ a: "value" });
  coffer.file(`${coffer.root}/file`, "");
  await assertRefused(coffer, "UNAVAILABLE", { env: { COFFER_HOME: `${coffer.root}/file/home` } });
}, BUNDLE_ONLY);

endToEnd(
  "coffer refuses every access when the home is read-only or full, and a hint says what helps",
  async (coffer) => {
    await coffer.given({ a: "value" });
    using disk = smallDisk(64 * 1024);
    const home = { env: { COFFER_HOME: `${disk.path}/.coffer` } }; // HOME is where the executable unpacks itself
    await coffer.ok(["get", "a"], home);
    const ballast = `${disk.path}/ballast`;
    await new Deno.Command("dd", { args: ["if=/dev/zero", `of=${ballast}`, "bs=1k"], stderr: "null" }).output();
    const log = `${disk.path}/.coffer/audit/1.jsonl`;
    // Of the page that the log has begun, nothing may be left.
    Deno.writeFileSync(log, new Uint8Array(4096 - Deno.statSync(log).size % 4096).fill(10), { append: true });
    await assertRefused(coffer, "UNAVAILABLE", home);
    Deno.removeSync(ballast);
    await coffer.ok(["get", "a"], home);
    runOnHost("mount", "-o", "remount,ro", disk.path);
    await assertRefused(coffer, "UNAVAILABLE", home);
    const { hint } = await coffer.fault("UNAVAILABLE", ["get", "a"], home);
    assert.match(hint!, /COFFER_HOME/);
    await coffer.ok(["get", "a"], { env: { ...home.env, COFFER_HOME: `${coffer.root}/elsewhere` } });
  },
  { ...BUNDLE_ONLY, lacking: CAN_MOUNT ? undefined : "needs root, to mount a small disk" },
);

endToEnd("coffer refuses every access when the audit log is not safe to write to", async (coffer) => {
  await coffer.given({ a: "value" });
  const audit = `${coffer.home}/.coffer/audit`;
  Deno.mkdirSync(`${coffer.home}/.coffer`, { mode: 0o700 });
  Deno.mkdirSync(`${coffer.root}/aside`, { mode: 0o700 });
  Deno.symlinkSync(`${coffer.root}/aside`, audit);
  await assertRefused(coffer, "DENIED", {});
  Deno.removeSync(audit);
  Deno.mkdirSync(audit, { mode: 0o700 });
  Deno.chmodSync(audit, 0o750);
  await assertRefused(coffer, "DENIED", {});
  Deno.chmodSync(audit, 0o700);
  await coffer.ok(["get", "a"]);
}, BUNDLE_ONLY);

endToEnd("no file of a project, and no variable of its own, has a say in where the audit log is", async (coffer) => {
  await coffer.given({ a: "value" });
  const elsewhere = `${coffer.root}/elsewhere`;
  const settings = `COFFER_HOME=${elsewhere}\nHOME=${elsewhere}\nCOFFER_AUDIT=off\n`;
  coffer.file(".env", settings);
  const declared = (variable: string) => `[env]\nA = { secret = "a" }\n${variable} = { default = "${elsewhere}" }\n`;
  coffer.file("coffer.toml", declared("COFFER_HOME"));
  assert.equal((await coffer.run(["run", "--", "true"])).code, 125);
  coffer.file("coffer.toml", declared("HOME"));
  coffer.file(".coffer/config.toml", `audit = false\nhome = "${elsewhere}"\n`);
  coffer.file(".coffer/audit/head.json", "{}");
  await coffer.ok(["run", "--", "true"]);
  await coffer.ok(["run", "--env-file", ".env", "-s", "a", "--", "true"]);
  await coffer.ok(["get", "a"], { env: { COFFER_AUDIT: "off", COFFER_NO_AUDIT: "1" } });
  assert.deepEqual((await lines(coffer)).map(({ operation }) => operation), ["run", "run", "get"]);
  assert.throws(() => Deno.statSync(elsewhere), Deno.errors.NotFound);
}, BUNDLE_ONLY);

endToEnd("coffer audit has no value that was typed in the place of a name", async (coffer) => {
  await coffer.given({ a: "s3cr3tvalue" });
  await coffer.run(["get", "s3cr3tvalue"]);
  await coffer.run(["rm", "s3cr3tvalue", "a", "--yes"]);
  await coffer.run(["rollback", "s3cr3tvalue", "1"]);
  await coffer.run(["run", "-s", "s3cr3tvalue", "--", "true"]);
  await coffer.run(["s3cr3tvalue", "a"]);
  assert.equal((await lines(coffer)).length, 4);
  for (const [path, bytes] of filesBelow(`${coffer.home}/.coffer/audit`)) {
    assert.ok(!new TextDecoder().decode(bytes).includes("s3cr3tvalue"), path);
  }
}, BUNDLE_ONLY);

endToEnd("coffer audit keeps one whole chain when many commands run at once", async (coffer) => {
  await coffer.given({ a: "value" });
  await Promise.all(
    Array.from(
      { length: 16 },
      (_, i) => i % 4 === 0 ? coffer.ok(["set", `new/${i}`], { stdin: "x" }) : coffer.ok(["get", "a"]),
    ),
  );
  const verdict = await coffer.json(["audit", "--verify"]) as Verdict;
  assert.deepEqual([verdict.lines, verdict.problems, verdict.notes], [16, [], []]);
}, BUNDLE_ONLY);

endToEnd("coffer audit --verify exits with 7 when the log was changed, and says where", async (coffer) => {
  await coffer.given({ a: "value" });
  for (let i = 0; i < 3; i++) await coffer.ok(["get", "a"]);
  const { end } = await coffer.json(["audit", "--verify"]) as Verdict;
  const path = `${coffer.home}/.coffer/audit/1.jsonl`;
  const whole = Deno.readTextFileSync(path);
  const [first, ...rest] = whole.split("\n");
  const damages: [kind: string, text: string][] = [
    ["altered", whole.replace("get", "set")],
    ["missing", [first, ...rest.slice(1)].join("\n")],
    ["cut", [first, ...rest.slice(0, 1), ""].join("\n")],
    ["malformed", `${whole}x\n`],
  ];
  for (const [kind, text] of damages) {
    coffer.file(path, text);
    const outcome = await coffer.run(["audit", "--verify", "--json"]);
    assert.equal(outcome.code, EXIT.TAMPERED);
    assert.deepEqual((JSON.parse(outcome.text) as Verdict).problems.map((problem) => problem.kind), [kind]);
    const shown = await coffer.run(["audit", "--verify"]);
    assert.equal(shown.code, EXIT.TAMPERED);
    assert.match(shown.text, new RegExp(`^${kind} +(1.jsonl:\\d|head.json) `));
  }
  // What cannot be read is left out, and not silently.
  const outcome = await coffer.run(["audit"]);
  assert.equal(outcome.code, 0);
  assert.equal(outcome.text.trimEnd().split("\n").length, 3);
  assert.match(outcome.stderr, /warning/);
  coffer.file(path, whole);
  await coffer.ok(["audit", "--verify", "--expect", `${end.seq}:${end.hash}`]);
  await coffer.ok(["audit", "--verify", "--expect", `0:${"0".repeat(64)}`]);
  // Somebody removed the log, and as many accesses were made again.
  Deno.removeSync(`${coffer.home}/.coffer/audit`, { recursive: true });
  for (let i = 0; i < 3; i++) await coffer.ok(["get", "a"]);
  await coffer.ok(["audit", "--verify"]);
  const replaced = await coffer.run(["audit", "--verify", "--expect", `${end.seq}:${end.hash}`]);
  assert.equal(replaced.code, EXIT.TAMPERED);
}, BUNDLE_ONLY);

endToEnd("coffer audit --since prints what came then and later", async (coffer) => {
  await coffer.given({ a: "value" });
  assert.deepEqual(await lines(coffer), []); // no log yet
  assert.equal((await coffer.json(["audit", "--verify"]) as Verdict).lines, 0);
  await coffer.ok(["get", "a"]);
  const between = new Date();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await coffer.ok(["get", "a"]);
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString();
  const counts: [since: string, count: number][] = [
    ["2000-01-01", 2],
    ["1h", 2],
    ["0s", 0],
    [between.toISOString(), 1],
    [day(-1).slice(0, 10), 2],
    [day(2).slice(0, 10), 0],
    [`${day(1).slice(0, 16)}Z`, 0],
    [`${day(-1).slice(0, 19)}+02:00`, 2],
  ];
  for (const [since, count] of counts) assert.equal((await lines(coffer, "--since", since)).length, count, since);
  for (const since of ["", "yesterday", "24", "2026-13-01", "2026-01-01T10:00", "-1h", "1h30m"]) {
    await coffer.fault("USAGE", ["audit", "--since", since]);
  }
  await coffer.fault("USAGE", ["audit", "--verify", "--since", "1h"]);
  await coffer.fault("USAGE", ["audit", "--expect", `1:${"0".repeat(64)}`]);
  await coffer.fault("USAGE", ["audit", "--verify", "--expect", "1:00"]);
}, BUNDLE_ONLY);
