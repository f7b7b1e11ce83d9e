import assert from "node:assert/strict";
import { AuditLog } from "../../../core/audit/audit_log.ts";
import type { AuditEntry } from "../../../core/audit/entry.ts";
import { HEAD_BYTES } from "../../../core/audit/head.ts";
import { expectedHash } from "../../../core/audit/line.ts";
import { breathe } from "../../../core/crypto/event_loop.ts";
import type { SecretName } from "../../../core/name.ts";
import { lockFolder } from "../../../core/store/file_lock.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { entryOf, linesOf, verdictOf } from "../../fixture/audit.ts";
import { killedInTheMiddle, Program } from "../../fixture/program.ts";
import { CAN_LIMIT, CAN_MOUNT, run, smallDisk, temporaryFolder } from "../../fixture/temporary_folder.ts";

/** A home with a log in it. */
async function homeWith(lines: number) {
  const home = temporaryFolder();
  const log = AuditLog.open(home.path);
  for (let i = 0; i < lines; i++) await log.append(entryOf(1, i + 1));
  return home;
}

function file(home: { readonly path: string }, name = "1.jsonl"): string {
  return `${home.path}/audit/${name}`;
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

/** The kinds of what a verifier finds. */
async function found(home: { readonly path: string }): Promise<string[]> {
  const { problems, notes } = await verdictOf(home.path);
  return [...problems, ...notes].map(({ kind }) => kind);
}

async function repairsIn(home: { readonly path: string }) {
  return (await linesOf(home.path)).flatMap((line) => "repaired" in line ? [line.repaired] : []);
}

Deno.test("AuditLog makes its folder and files private, whatever the umask, and keeps entries in order", async () => {
  using home = temporaryFolder();
  const path = `${home.path}/not/there/yet`;
  const umask = Deno.umask(0);
  try {
    const log = AuditLog.open(path);
    for (let i = 1; i <= 3; i++) await log.append(entryOf(2, i));
  } finally {
    Deno.umask(umask);
  }
  for (const [name, mode] of [["", 0o700], ["/audit", 0o700], ["/audit/1.jsonl", 0o600], ["/audit/head.json", 0o600]]) {
    assert.equal(Deno.statSync(path + name).mode! & 0o777, mode, String(name));
  }
  const lines = await linesOf(path);
  assert.deepEqual(lines.map((line) => "secrets" in line && line.secrets[1]?.version), [1, 2, 3]);
  assert.deepEqual(lines.map(({ seq, pid, uid }) => [seq, pid, uid]), [1, 2, 3].map((i) => [i, Deno.pid, Deno.uid()]));
  for (const { time } of lines) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  assert.deepEqual(await verdictOf(path), { lines: 3, end: pick(lines[2]!), problems: [], notes: [] });
});

Deno.test("AuditLog writes what is appended at once in that order, each with a line of its own", async () => {
  using home = temporaryFolder();
  const log = AuditLog.open(home.path);
  await Promise.all(Array.from({ length: 500 }, (_, i) => log.append(entryOf(1, i + 1))));
  const versions = (await linesOf(home.path)).map((line) => "secrets" in line && line.secrets[0]?.version);
  assert.deepEqual(versions, Array.from({ length: 500 }, (_, i) => i + 1));
  assert.deepEqual(await found(home), []);
});

Deno.test("AuditLog keeps one whole chain when eight processes append at once", async () => {
  using home = temporaryFolder("memory");
  const programs = Array.from({ length: 8 }, () => new Program([home.path, "", "audit", "200", "2"]));
  for (const program of programs) await program.line();
  // Whoever looks meanwhile sees a whole log, too.
  for (let i = 0; i < 20; i++) assert.deepEqual(await found(home), []);
  for (const program of programs) {
    const lines = await program.lines();
    assert.deepEqual([lines.length, lines.at(-1)], [399, "done"]);
    await program[Symbol.asyncDispose]();
  }
  assert.deepEqual(await found(home), []);
  const lines = await linesOf(home.path);
  assert.equal(lines.length, 1600);
  const perProcess = Map.groupBy(lines, ({ pid }) => pid);
  assert.deepEqual([...perProcess.values()].map((group) => group.length), Array(8).fill(200));
  for (const group of perProcess.values()) {
    assert.deepEqual(
      group.map((line) => "secrets" in line && line.secrets[0]?.version),
      [...Array(200).keys()].map((i) => i + 1),
    );
  }
});

Deno.test("AuditLog loses no line that was confirmed, and forges none, when its writers are killed", async () => {
  using home = temporaryFolder("memory");
  const confirmed: number[] = [];
  const attempted: number[] = [];
  for (let round = 0; round < 20; round++) {
    // A line of many pages takes longer to write, and is cut in two at times.
    const said = await killedInTheMiddle([home.path, "", "audit", "100000", String([1, 50, 5000][round % 3])], 60);
    confirmed.push(said.filter((line) => line === "done").length);
    attempted.push(said.filter((line) => line === "intend").length);
    const { problems, notes } = await verdictOf(home.path);
    assert.deepEqual(problems, [], `round ${round}`);
    for (const { kind } of notes) assert.ok(["torn", "ahead"].includes(kind));
  }
  const kept = (await linesOf(home.path)).filter((line) => "secrets" in line).length;
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  assert.ok(kept >= sum(confirmed), `${kept} of ${sum(confirmed)}`);
  assert.ok(kept <= sum(attempted), `${kept} of ${sum(attempted)}`);
});

Deno.test({
  name: "AuditLog cuts off a line that its writer could not finish, and says so (needs prlimit)",
  ignore: !CAN_LIMIT,
  async fn() {
    using home = await homeWith(3);
    const { size } = Deno.statSync(file(home));
    await using program = new Program([home.path, "", "audit", "1", "100", String(size + 1000)], "ulimit -c 0");
    assert.deepEqual(await program.lines(), ["intend"]);
    assert.equal((await program.status).signal, "SIGXFSZ");
    assert.equal(Deno.statSync(file(home)).size, size + 1000, "the writer was in the middle of it");
    assert.deepEqual(await found(home), ["torn"]);
    await AuditLog.open(home.path).append(entryOf(1, 4));
    assert.deepEqual(await repairsIn(home), [{ torn: 1000, ahead: 0, lost: 0, headless: false }]);
    assert.deepEqual((await linesOf(home.path)).map(({ seq }) => seq), [1, 2, 3, 4, 5]);
    assert.deepEqual((await verdictOf(home.path)).problems, []);
    assert.deepEqual(await found(home), ["torn"]);
  },
});

Deno.test({
  name: "AuditLog refuses, and leaves no part of a line, when a limit on file sizes stops it (needs prlimit)",
  ignore: !CAN_LIMIT,
  async fn() {
    using home = await homeWith(3);
    const before = Deno.readFileSync(file(home));
    // Ignored, the signal gives way to EFBIG.
    const args = [home.path, "", "audit", "1", "100", String(before.length + 1000)];
    await using program = new Program(args, "trap '' XFSZ");
    assert.deepEqual(await program.lines(), ["intend", "fault UNAVAILABLE"]);
    assert.deepEqual(Deno.readFileSync(file(home)), before);
    assert.deepEqual(await found(home), []);
  },
});

Deno.test({
  name:
    "AuditLog refuses when the disk is full, and goes on when there is space again (needs root, to mount a small one)",
  ignore: !CAN_MOUNT,
  async fn() {
    using disk = smallDisk(64 * 1024);
    const log = AuditLog.open(disk.path);
    await log.append(entryOf());
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      const written = await log.append(entryOf(20, i + 1)).then(() => true, () => false);
      if (!written) refused++;
    }
    assert.ok(refused > 100);
    const { message, hint } = await assertFault("UNAVAILABLE", () => log.append(entryOf(20)));
    assert.match(message, /ENOSPC/);
    assert.ok(hint);
    assert.deepEqual(await found(disk), []);
    // A new log has no room either, and leaves nothing that the next writer stumbles over.
    Deno.mkdirSync(`${disk.path}/second`, { mode: 0o700 });
    await assertFault("UNAVAILABLE", () => AuditLog.open(`${disk.path}/second`).append(entryOf(20)));
    Deno.removeSync(`${disk.path}/audit`, { recursive: true });
    await AuditLog.open(`${disk.path}/second`).append(entryOf());
    assert.deepEqual(
      await verdictOf(`${disk.path}/second`).then(({ lines, problems, notes }) => [lines, problems, notes]),
      [1, [], []],
    );
    assert.deepEqual(namesIn(`${disk.path}/second/audit`), ["1.jsonl", "head.json"]);
  },
});

Deno.test({
  name: "AuditLog refuses with a hint when the disk is read-only (needs root, to mount one)",
  ignore: !CAN_MOUNT,
  async fn() {
    using disk = smallDisk(64 * 1024);
    Deno.mkdirSync(`${disk.path}/used`, { mode: 0o700 });
    const log = AuditLog.open(`${disk.path}/used`);
    await log.append(entryOf());
    run("mount", "-o", "remount,ro", disk.path);
    assert.match((await assertFault("UNAVAILABLE", () => log.append(entryOf()))).hint!, /COFFER_HOME/);
    assert.match((await assertFault("UNAVAILABLE", () => AuditLog.open(`${disk.path}/new`))).hint!, /COFFER_HOME/);
    assert.equal((await verdictOf(`${disk.path}/used`)).lines, 1);
  },
});

Deno.test("AuditLog refuses links, folders, pipes and what others can access, in the place of anything of it", async () => {
  using root = temporaryFolder();
  const [home, aside] = [{ path: `${root.path}/home` }, `${root.path}/aside`];
  const log = AuditLog.open(home.path);
  await log.append(entryOf());
  for (const name of ["", "/audit", "/audit/1.jsonl", "/audit/head.json"]) {
    const path = home.path + name;
    const mode = Deno.statSync(path).mode! & 0o777;
    for (const open of [0o040, 0o020, 0o004, 0o002]) {
      Deno.chmodSync(path, mode | open);
      const { hint } = await assertFault("DENIED", () => log.append(entryOf()));
      assert.ok((await new Deno.Command("sh", { args: ["-c", hint!] }).output()).success, hint!);
    }
    Deno.renameSync(path, aside);
    const plants = [
      () => Deno.symlinkSync(aside, path),
      () => Deno.symlinkSync("/nowhere", path),
      () => run("mkfifo", "-m", "600", path),
      ...(name.includes(".")
        ? [() => Deno.mkdirSync(path, { mode: 0o700 })]
        : [() => Deno.writeTextFileSync(path, "", { mode: 0o600 })]),
    ];
    for (const plant of plants) {
      plant();
      await assertFault("DENIED", () => log.append(entryOf()));
      if (!name.includes(".")) await assertFault("DENIED", () => AuditLog.open(home.path));
      await assertFault("DENIED", () => verdictOf(home.path));
      Deno.removeSync(path);
    }
    Deno.renameSync(aside, path);
  }
  await log.append(entryOf());
  assert.deepEqual(await found(home), []);
});

Deno.test("AuditLog begins the next file when one is full, and the chain goes on in it", async () => {
  using home = temporaryFolder();
  const log = AuditLog.open(home.path, 2000);
  for (let i = 0; i < 40; i++) await log.append(entryOf(1, i + 1));
  const names = namesIn(`${home.path}/audit`);
  assert.ok(names.length > 5 && names.includes("2.jsonl"));
  for (const name of names.filter((name) => name !== "head.json")) {
    assert.ok(Deno.statSync(file(home, name)).size < 2500);
    assert.equal(Deno.statSync(file(home, name)).mode! & 0o777, 0o600);
  }
  assert.deepEqual((await linesOf(home.path)).map(({ seq }) => seq), [...Array(40).keys()].map((i) => i + 1));
  assert.deepEqual(await found(home), []);
  // Old files may go.
  Deno.removeSync(file(home));
  await log.append(entryOf());
  assert.deepEqual(await found(home), ["start"]);
});

Deno.test("AuditLog goes on where a writer was killed while it began a file", async () => {
  for (const content of ["", '{"format":"coff', "whole"]) {
    using home = await homeWith(8);
    const text = Deno.readTextFileSync(file(home));
    // As if the limit had been reached behind the fourth line, and the head were not written yet.
    const lines = text.trimEnd().split("\n");
    const last = JSON.parse(lines[4]!);
    const header = JSON.stringify({ format: "coffer/1 audit", seq: 4, hash: last.hash });
    const first = lines.slice(0, 5).join("\n") + "\n";
    Deno.writeTextFileSync(file(home), first);
    Deno.writeTextFileSync(
      file(home, "2.jsonl"),
      content === "whole" ? `${[header, lines[5]].join("\n")}\n` : content,
      { mode: 0o600 },
    );
    Deno.writeTextFileSync(
      file(home, "head.json"),
      `${JSON.stringify({ file: 1, size: first.length, seq: 4, hash: last.hash }).padEnd(HEAD_BYTES - 1)}\n`,
    );
    await AuditLog.open(home.path, 500).append(entryOf());
    const { problems } = await verdictOf(home.path);
    assert.deepEqual(problems, []);
    const { length } = content;
    assert.deepEqual(
      await repairsIn(home),
      content === "whole"
        ? [{ torn: 0, ahead: 1, lost: 0, headless: false }]
        : length > 0
        ? [{ torn: length, ahead: 0, lost: 0, headless: false }]
        : [],
    );
  }
});

Deno.test("AuditLog goes on behind lines that are gone, and says for good how many", async () => {
  for (const left of [0, 1, 4]) {
    using home = await homeWith(5);
    const lines = Deno.readTextFileSync(file(home)).split("\n");
    Deno.writeTextFileSync(file(home), lines.slice(0, 1 + left).join("\n") + "\n");
    await AuditLog.open(home.path).append(entryOf());
    assert.deepEqual(await repairsIn(home), [{ torn: 0, ahead: 0, lost: 5 - left, headless: false }]);
    assert.deepEqual(
      (await linesOf(home.path)).map(({ seq }) => seq),
      [...Array(left).keys()].map((i) => i + 1).concat(6, 7),
    );
    assert.deepEqual(await found(home), ["cut"]);
  }
});

Deno.test("AuditLog goes on when its files are gone, and not with their names", async () => {
  using home = await homeWith(5);
  Deno.removeSync(file(home));
  await AuditLog.open(home.path).append(entryOf());
  assert.deepEqual(namesIn(`${home.path}/audit`), ["2.jsonl", "head.json"]);
  assert.deepEqual(await repairsIn(home), [{ torn: 0, ahead: 0, lost: 5, headless: false }]);
  assert.deepEqual(await found(home), ["cut", "start"]);
});

Deno.test("AuditLog takes the last line when the head does not know it yet, or is gone", async () => {
  for (const headless of [false, true]) {
    using home = await homeWith(2);
    const head = Deno.readFileSync(file(home, "head.json"));
    await AuditLog.open(home.path).append(entryOf());
    if (headless) Deno.removeSync(file(home, "head.json"));
    else Deno.writeFileSync(file(home, "head.json"), head);
    assert.deepEqual(await found(home), [headless ? "head" : "ahead"]);
    await AuditLog.open(home.path).append(entryOf());
    assert.deepEqual(await repairsIn(home), [{ torn: 0, ahead: headless ? 0 : 1, lost: 0, headless }]);
    assert.deepEqual((await linesOf(home.path)).map(({ seq }) => seq), [1, 2, 3, 4, 5]);
    assert.deepEqual(await found(home), [headless ? "head" : "ahead"]);
    assert.equal(Deno.statSync(file(home, "head.json")).size, HEAD_BYTES);
  }
});

Deno.test("AuditLog replaces a head that cannot be read, whatever its size, and says so once", async () => {
  for (const garbage of ["", "garbage", "{}".padEnd(HEAD_BYTES), "x".repeat(5 * HEAD_BYTES)]) {
    using home = await homeWith(2);
    Deno.writeTextFileSync(file(home, "head.json"), garbage);
    for (let i = 0; i < 3; i++) await AuditLog.open(home.path).append(entryOf());
    assert.deepEqual(await repairsIn(home), [{ torn: 0, ahead: 0, lost: 0, headless: true }]);
    assert.deepEqual(await found(home), ["head"]);
  }
});

Deno.test("AuditLog goes on from the head when the last line was changed, so that the change stays to be seen", async () => {
  for (const [from, to] of [["dev", "top"], ["dev", "other"], ['{"seq":3', "garbage"]] as const) {
    using home = await homeWith(3);
    const text = Deno.readTextFileSync(file(home));
    const at = text.lastIndexOf(from);
    Deno.writeTextFileSync(file(home), text.slice(0, at) + to + text.slice(at + from.length));
    const before = await found(home);
    assert.ok(before.includes("altered") || before.includes("malformed"));
    await AuditLog.open(home.path).append(entryOf());
    const after = (await verdictOf(home.path)).problems.map(({ kind }) => kind);
    assert.ok(after.includes("altered") || after.includes("malformed"));
    assert.equal((await linesOf(home.path)).at(-1)!.seq, 4);
  }
});

Deno.test("AuditLog goes on from the head when the last line was written anew with its right hash", async () => {
  using home = await homeWith(3);
  const text = Deno.readTextFileSync(file(home));
  const [first, second, third, last] = text.trimEnd().split("\n") as [string, string, string, string];
  const hashed = last.slice(0, last.indexOf(',"hash"')).replace('"dev"', '"production"');
  const forged = `${hashed},"hash":"${expectedHash(JSON.parse(third).hash, `${hashed},"hash":"${"0".repeat(64)}"}`)}"}`;
  Deno.writeTextFileSync(file(home), `${[first, second, third, forged].join("\n")}\n`);
  assert.deepEqual(await found(home), ["cut"]);
  await AuditLog.open(home.path).append(entryOf());
  assert.deepEqual(await found(home), ["altered"]);
});

Deno.test("AuditSnapshot shows a verifier every byte", async () => {
  using home = await homeWith(3);
  const lines = Deno.readTextFileSync(file(home)).split("\n");
  for (const put of ["\ufeff", "\0", "\r", " "]) {
    for (const line of [lines.with(2, put + lines[2]), lines.with(2, lines[2] + put)]) {
      Deno.writeTextFileSync(file(home), line.join("\n"));
      assert.deepEqual(await found(home), ["malformed"], JSON.stringify(put));
    }
  }
});

Deno.test("AuditLog refuses to go on when neither the head nor the last line says where", async () => {
  using home = await homeWith(3);
  Deno.writeTextFileSync(file(home, "head.json"), "garbage");
  Deno.writeTextFileSync(file(home), "garbage\n");
  const { hint } = await assertFault("TAMPERED", () => AuditLog.open(home.path).append(entryOf()));
  assert.ok(
    (await new Deno.Command("sh", { args: ["-c", hint!.slice(hint!.lastIndexOf(": ") + 2)] }).output()).success,
  );
  await AuditLog.open(home.path).append(entryOf());
  assert.deepEqual(await found(home), []);
});

Deno.test("AuditLog begins anew when a writer was killed before its first line", async () => {
  const beginnings: ((home: string) => void)[] = [
    (home) => Deno.writeTextFileSync(`${home}/head.json`, "", { mode: 0o600 }),
    (home) => Deno.writeTextFileSync(`${home}/1.jsonl`, "", { mode: 0o600 }),
    (home) => Deno.writeTextFileSync(`${home}/1.jsonl`, '{"format":', { mode: 0o600 }),
  ];
  for (const begin of beginnings) {
    using home = temporaryFolder();
    const log = AuditLog.open(home.path);
    begin(`${home.path}/audit`);
    await log.append(entryOf());
    assert.deepEqual((await verdictOf(home.path)).problems, []);
    assert.deepEqual(namesIn(`${home.path}/audit`), ["1.jsonl", "head.json"]);
  }
});

Deno.test("AuditLog writes a head before the first line, and flushes a change to the disk, but not a read, before it confirms it", async () => {
  using home = temporaryFolder();
  const log = AuditLog.open(home.path);
  const calls: string[] = [];
  const { syncDataSync, writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.syncDataSync = function () {
    calls.push("sync");
    return syncDataSync.call(this);
  };
  Deno.FsFile.prototype.writeSync = function (bytes) {
    calls.push(bytes.length === HEAD_BYTES ? "head" : "line");
    return writeSync.call(this, bytes);
  };
  try {
    await log.append(entryOf());
    assert.deepEqual(calls.splice(0), ["head", "line", "head"], "no line is without a head");
    for (const kind of ["read", "verify", "unlock", "list"] as const) await log.append({ ...entryOf(), kind });
    assert.deepEqual(calls.splice(0), Array(4).fill(["line", "head"]).flat());
    for (const kind of ["write", "remove", "rekey", "passphrase", "token"] as const) {
      await log.append({ ...entryOf(), kind });
      assert.deepEqual(calls.splice(0), ["line", "sync", "head"], kind);
    }
    await breathe();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all([log.append(entryOf()), log.append(entryOf()), log.append({ ...entryOf(), kind: "write" })]);
    assert.deepEqual(calls, ["line", "head", "line", "sync", "head"], "what waits is written together");
    calls.splice(0);
    await log.append(entryOf());
    await Promise.all([log.append(entryOf()), log.append(entryOf()), log.append(entryOf())]);
    assert.deepEqual(calls, Array(2).fill(["line", "head"]).flat(), "and what comes in one turn of the event loop");
  } finally {
    Object.assign(Deno.FsFile.prototype, { syncDataSync, writeSync });
  }
});

Deno.test("AuditLog takes nothing back of what it refused, and leaves no trace of it", async () => {
  using home = await homeWith(2);
  const before = [Deno.readFileSync(file(home)), Deno.readFileSync(file(home, "head.json"))];
  const log = AuditLog.open(home.path);
  const { writeSync } = Deno.FsFile.prototype;
  // The line was written, and the head cannot be.
  Deno.FsFile.prototype.writeSync = function (bytes) {
    if (bytes.length === HEAD_BYTES) throw Object.assign(new Error("Input/output error"), { code: "EIO" });
    return writeSync.call(this, bytes);
  };
  try {
    const results = await Promise.allSettled([log.append(entryOf()), log.append(entryOf()), log.append(entryOf())]);
    assert.deepEqual(results.map(({ status }) => status), Array(3).fill("rejected"));
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assert.deepEqual([Deno.readFileSync(file(home)), Deno.readFileSync(file(home, "head.json"))], before);
  await log.append(entryOf());
  assert.deepEqual(await found(home), []);
});

Deno.test("AuditLog writes all of a line when the system takes it in parts", async () => {
  using home = temporaryFolder();
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    return writeSync.call(this, bytes.subarray(0, 7));
  };
  try {
    const log = AuditLog.open(home.path);
    for (let i = 0; i < 3; i++) await log.append(entryOf(3, i + 1));
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assert.deepEqual(await verdictOf(home.path).then(({ lines, problems, notes }) => [lines, problems, notes]), [
    3,
    [],
    [],
  ]);
});

Deno.test("AuditLog waits while another process writes", async () => {
  using home = await homeWith(1);
  const lock = await lockFolder(`${home.path}/audit`);
  let done = false;
  const append = AuditLog.open(home.path).append(entryOf()).then(() => done = true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(done, false);
  lock[Symbol.dispose]();
  await append;
  assert.deepEqual(await found(home), []);
});

Deno.test("AuditLog writes and reads lines longer than it looks at in one piece", async () => {
  using home = temporaryFolder("memory");
  const log = AuditLog.open(home.path);
  const many: AuditEntry = {
    ...entryOf(),
    secrets: new Map(Array.from({ length: 40_000 }, (_, i) => [`many/${i}` as SecretName, i + 1])),
  };
  await log.append(many);
  await log.append(entryOf());
  await log.append(many);
  // A writer has to find the last line without the head.
  Deno.removeSync(file(home, "head.json"));
  await log.append(entryOf());
  const lines = await linesOf(home.path);
  assert.deepEqual(lines.map((line) => "secrets" in line ? line.secrets.length : "repaired"), [
    40_000,
    1,
    40_000,
    "repaired",
    1,
  ]);
  assert.deepEqual(await found(home), ["head"]);
});

Deno.test("AuditLog passes a bug on as what it is, and goes on", async () => {
  using home = await homeWith(1);
  const log = AuditLog.open(home.path);
  const wrong = { ...entryOf(), secrets: new Map([["not a name" as SecretName, 1]]) };
  const [first, second] = await Promise.allSettled([log.append(wrong), log.append(entryOf())]);
  assert.ok(first.status === "rejected" && first.reason instanceof TypeError);
  assert.equal(second.status, "fulfilled");
  assert.equal((await linesOf(home.path)).length, 2);
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = () => {
    throw new TypeError("a bug");
  };
  try {
    await assert.rejects(log.append(entryOf()), TypeError);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assert.deepEqual(await found(home), []);
});

function pick({ seq, hash }: { readonly seq: number; readonly hash: string }) {
  return { seq, hash };
}
