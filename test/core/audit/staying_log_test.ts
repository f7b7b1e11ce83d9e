/** An audit log whose files stay open, while everything happens to them that happens to files. */
import assert from "node:assert/strict";
import { AuditLog } from "../../../core/audit/audit_log.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { entryOf, linesOf, verdictOf } from "../../fixture/audit.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

async function findings(home: { readonly path: string }): Promise<string[]> {
  const { problems, notes } = await verdictOf(home.path);
  return [...problems, ...notes].map(({ kind }) => kind);
}

async function versionsIn(home: { readonly path: string }): Promise<unknown[]> {
  return (await linesOf(home.path)).flatMap((line) => "secrets" in line ? [line.secrets[0]?.version] : []);
}

Deno.test("AuditLog.staying() takes turns with others, over the ends of files", async () => {
  using home = temporaryFolder();
  using log = AuditLog.staying(home.path, 2000);
  using another = AuditLog.staying(home.path, 2000);
  const passing = AuditLog.open(home.path, 2000);
  for (let i = 1; i <= 60; i++) await [log, another, passing, log][i % 4]!.append(entryOf(1, i));
  assert.ok([...Deno.readDirSync(`${home.path}/audit`)].length > 4, "several files");
  assert.deepEqual(await findings(home), []);
  assert.deepEqual(await versionsIn(home), Array.from({ length: 60 }, (_, i) => i + 1));
});

Deno.test("AuditLog.staying() goes by what is there: another file, another head, none", async () => {
  using home = temporaryFolder();
  const [file, head] = [`${home.path}/audit/1.jsonl`, `${home.path}/audit/head.json`];
  using log = AuditLog.staying(home.path);
  const append = (version: number) => log.append(entryOf(1, version));
  await append(1);
  for (const path of [file, head]) {
    Deno.copyFileSync(path, `${path}.copy`);
    Deno.renameSync(`${path}.copy`, path);
  }
  await append(2);
  assert.deepEqual(await versionsIn(home), [1, 2]);
  assert.deepEqual(await findings(home), []);
  Deno.removeSync(head);
  await append(3);
  assert.deepEqual(await versionsIn(home), [1, 2, 3]);
  assert.deepEqual(await findings(home), ["head"]);
  Deno.writeTextFileSync(head, "damaged");
  await append(4);
  assert.deepEqual(await findings(home), ["head", "head"]);
  Deno.removeSync(file);
  await append(5);
  assert.deepEqual(await versionsIn(home), [5]);
  Deno.renameSync(`${home.path}/audit`, `${home.path}/moved`);
  await append(6);
  assert.deepEqual(await versionsIn(home), [6]);
});

Deno.test("AuditLog.staying() refuses what others can read, and goes on once they cannot", async () => {
  using home = temporaryFolder();
  using log = AuditLog.staying(home.path);
  await log.append(entryOf(1, 1));
  for (const name of ["1.jsonl", "head.json"]) {
    const path = `${home.path}/audit/${name}`;
    Deno.chmodSync(path, 0o640);
    await assertFault("DENIED", () => log.append(entryOf(1, 2)));
    Deno.chmodSync(path, 0o600);
    const elsewhere = `${home.path}/elsewhere-${name}`;
    Deno.renameSync(path, elsewhere);
    Deno.symlinkSync(elsewhere, path);
    await assertFault("DENIED", () => log.append(entryOf(1, 3)));
    Deno.removeSync(path);
    Deno.renameSync(elsewhere, path);
  }
  await log.append(entryOf(1, 4));
  assert.deepEqual(await versionsIn(home), [1, 4]);
  assert.deepEqual(await findings(home), []);
});

Deno.test("AuditLog.staying() leaves nothing open once it is disposed of, and can be used again", async () => {
  using home = temporaryFolder();
  const log = AuditLog.staying(home.path);
  await log.append(entryOf(1, 1));
  log[Symbol.dispose]();
  log[Symbol.dispose]();
  await log.append(entryOf(1, 2));
  log[Symbol.dispose]();
  assert.deepEqual(await versionsIn(home), [1, 2]);
});
