import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeHead, parseHead } from "../../../core/audit/head.ts";
import {
  type ChainState,
  entryContent,
  GENESIS,
  headerText,
  type LineContent,
  nextLine,
  type Repair,
  repairContent,
} from "../../../core/audit/line.ts";
import { AuditVerifier } from "../../../core/audit/verify.ts";
import { entryOf } from "../../fixture/audit.ts";
import { findings } from "../../reference/audit.ts";

const STAMP = { time: "2026-11-20T22:57:41.123Z", pid: 4711, uid: 1000 };

/** A log as texts: two files, five lines each unless said otherwise. */
interface Log {
  readonly files: Map<number, string>;
  readonly head: string | undefined;
}

/** A log with a line for each of `contents`, and a new file behind each number of lines in `ends`. */
function logOf(
  contents: readonly LineContent[] = tenLines(),
  ends: readonly number[] = [5],
): Log & { states: ChainState[] } {
  const files = new Map([[1, `${headerText(GENESIS)}\n`]]);
  const states: ChainState[] = [GENESIS];
  for (const [i, content] of contents.entries()) {
    if (ends.includes(i)) files.set(files.size + 1, `${headerText(states.at(-1)!)}\n`);
    const before = states.at(-1)!;
    const lost = "repaired" in content ? content.repaired.lost : 0;
    const { text, state } = nextLine({ ...before, seq: before.seq + lost }, content);
    files.set(files.size, `${files.get(files.size)}${text}\n`);
    states.push(state);
  }
  return { files, states, head: headOf(files, states.at(-1)!) };
}

function tenLines(): LineContent[] {
  return Array.from({ length: 10 }, (_, i) => entryContent(entryOf(1 + i % 3, i + 1), STAMP));
}

function headOf(files: ReadonlyMap<number, string>, state: ChainState): string {
  return new TextDecoder().decode(encodeHead({ file: files.size, size: files.get(files.size)!.length, ...state }));
}

function verify({ files, head }: Log, expected?: ChainState) {
  const verifier = new AuditVerifier(
    head === undefined ? undefined : parseHead(new TextEncoder().encode(head)),
    expected,
  );
  for (const [number, text] of files) {
    verifier.file(number);
    const lines = text.split("\n");
    const rest = lines.pop()!;
    for (const line of lines) verifier.line(line);
    if (rest !== "") verifier.torn(rest.length);
  }
  return verifier.verdict();
}

/** What is found, each kind once: by the verifier and by the independent one, which must agree. */
function kinds(log: Log): string[] {
  const { problems, notes } = verify(log);
  const found = [...new Set([...problems, ...notes].map(({ kind }) => kind))].sort();
  assert.deepEqual(found, findings(log.files, log.head));
  return found;
}

/** The log with its first file changed. */
function withFirst(log: Log, change: (lines: string[]) => string[]): Log {
  const lines = log.files.get(1)!.split("\n").slice(0, -1);
  return { ...log, files: new Map(log.files).set(1, change(lines).map((line) => `${line}\n`).join("")) };
}

Deno.test("AuditVerifier finds nothing in a log as it was written, and counts its lines", () => {
  const log = logOf();
  const { lines, end, problems, notes } = verify(log);
  assert.deepEqual({ lines, end, problems, notes }, { lines: 10, end: log.states[10], problems: [], notes: [] });
  assert.deepEqual(kinds(log), []);
  assert.deepEqual(kinds({ files: new Map(), head: undefined }), []);
  assert.deepEqual(kinds({ ...log, files: new Map([[1, `${headerText(GENESIS)}\n`]]), head: undefined }), []);
});

Deno.test("AuditVerifier finds every line that was edited, in whatever character", () => {
  const log = logOf();
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.nat(), fc.string({ maxLength: 2, unit: "binary-ascii" }), (file, at, put) => {
      const text = log.files.get(file)!;
      const place = at % text.length;
      const changed = text.slice(0, place) + put + text.slice(place + 1);
      fc.pre(changed !== text);
      const { problems, notes } = verify({ ...log, files: new Map(log.files).set(file, changed) });
      // A byte behind the last line is what a killed writer leaves, if nothing else was changed.
      assert.ok(problems.length + notes.length > 0);
      if (place < text.length - 1) assert.ok(problems.length > 0);
      kinds({ ...log, files: new Map(log.files).set(file, changed) });
    }),
    { numRuns: 2000 },
  );
});

Deno.test("AuditVerifier finds a line that is gone, was repeated, moved or put in, wherever that is", () => {
  const log = logOf();
  const foreign = nextLine({ ...GENESIS, seq: 2 }, entryContent(entryOf(1, 99), STAMP)).text;
  for (let i = 0; i <= 5; i++) {
    assert.notDeepEqual(kinds(withFirst(log, (lines) => lines.toSpliced(i, 1))), [], `without ${i}`);
    for (let j = 0; j <= 6; j++) {
      const line = log.files.get(1)!.split("\n")[i]!;
      assert.notDeepEqual(kinds(withFirst(log, (lines) => lines.toSpliced(j, 0, line))), [], `${i} again at ${j}`);
      if (i < 6 && j < 6 && i !== j) {
        const swapped = withFirst(log, (lines) => lines.with(i, lines[j]!).with(j, lines[i]!));
        assert.notDeepEqual(kinds(swapped), [], `${i} and ${j} swapped`);
      }
    }
    assert.notDeepEqual(kinds(withFirst(log, (lines) => lines.toSpliced(i, 0, foreign))), [], `foreign at ${i}`);
    assert.notDeepEqual(kinds(withFirst(log, (lines) => lines.toSpliced(i, 0, ""))), [], `empty at ${i}`);
  }
  for (const i of [1, 2, 3, 4]) {
    assert.deepEqual(kinds(withFirst(log, (lines) => lines.toSpliced(i, 1))), ["missing"]);
    assert.deepEqual(kinds(withFirst(log, (lines) => lines.toSpliced(i, 0, lines[i]!))), ["order"]);
  }
});

Deno.test("AuditVerifier finds lines that are gone from the end, in any number", () => {
  const log = logOf(tenLines(), []);
  for (let left = 0; left < 10; left++) {
    const cut = withFirst(log, (lines) => lines.slice(0, 1 + left));
    assert.deepEqual(kinds(cut), ["cut"]);
    const half = { ...log, files: new Map([[1, log.files.get(1)!.slice(0, cut.files.get(1)!.length + 20)]]) };
    assert.deepEqual(kinds(half), ["cut", "torn"]);
  }
  assert.deepEqual(kinds({ ...log, files: new Map() }), ["cut"]);
});

Deno.test("AuditVerifier finds a last line that was written anew with its right hash", () => {
  const log = logOf(tenLines(), []);
  const forged = nextLine(log.states[9]!, entryContent(entryOf(3, 3), STAMP)).text;
  assert.deepEqual(kinds(withFirst(log, (lines) => lines.with(10, forged))), ["cut"]);
});

Deno.test("AuditVerifier notes lines that the head does not know yet", () => {
  const log = logOf(tenLines(), []);
  const { problems, notes } = verify({ ...log, head: headOf(log.files, log.states[8]!) });
  assert.deepEqual([problems, notes.map(({ kind }) => kind)], [[], ["ahead"]]);
  kinds({ ...log, head: headOf(log.files, log.states[8]!) });
});

Deno.test("AuditVerifier misses the head, and one that cannot be read", () => {
  const log = logOf();
  for (const head of [undefined, "", log.head!.slice(1), log.head!.replace(" ", "x"), `${log.head}\n`]) {
    assert.deepEqual(kinds({ ...log, head }), ["head"]);
  }
  assert.deepEqual(kinds({ ...log, head: log.head!.replace('"seq":10', '"seq":11') }), ["cut"]);
});

Deno.test("AuditVerifier notes that old files were taken away, and finds that others were", () => {
  const log = logOf(tenLines(), [3, 6]);
  const without = (...numbers: number[]) => ({
    ...log,
    files: new Map([...log.files].filter(([number]) => !numbers.includes(number))),
  });
  assert.deepEqual(kinds(log), []);
  assert.deepEqual(kinds(without(1)), ["start"]);
  assert.deepEqual(verify(without(1)).problems, []);
  assert.deepEqual(kinds(without(1, 2)), ["start"]);
  assert.deepEqual(kinds(without(2)), ["file"]);
  assert.deepEqual(kinds(without(3)), ["cut"]);
  assert.deepEqual(kinds(without(1, 2, 3)), ["cut"]);
});

Deno.test("AuditVerifier finds files of other logs in the place of this one's", () => {
  const log = logOf();
  const other = logOf(tenLines().toReversed());
  assert.deepEqual(kinds({ ...log, files: new Map(log.files).set(1, other.files.get(1)!) }), ["altered"]);
  assert.deepEqual(kinds({ ...log, files: new Map(log.files).set(2, other.files.get(2)!) }), ["altered", "cut"]);
  const swapped = new Map([[1, log.files.get(2)!], [2, log.files.get(1)!]]);
  assert.deepEqual(kinds({ ...log, files: swapped }), ["altered", "missing"]);
});

Deno.test("AuditVerifier goes on behind what it finds, and finds what comes later", () => {
  const log = logOf(tenLines(), []);
  const { problems } = verify(withFirst(log, (lines) => lines.with(2, "x").with(7, lines[7]!.replace("dev", "top"))));
  assert.deepEqual(problems.map(({ kind, where }) => [kind, where]), [["malformed", "1.jsonl:3"], [
    "altered",
    "1.jsonl:8",
  ]]);
});

Deno.test("AuditVerifier reports what repairs say, and takes them for nothing else", () => {
  const none: Repair = { torn: 0, ahead: 0, lost: 0, headless: false };
  const around = (repair: Partial<Repair>) => {
    const [first, ...others] = tenLines();
    return logOf([first!, repairContent({ ...none, ...repair }, STAMP), ...others], []);
  };
  assert.deepEqual(kinds(around({ torn: 7 })), ["torn"]);
  assert.deepEqual(verify(around({ torn: 7 })).problems, []);
  assert.deepEqual(kinds(around({ ahead: 1 })), ["ahead"]);
  assert.deepEqual(verify(around({ ahead: 1 })).problems, []);
  assert.deepEqual(kinds(around({ lost: 3 })), ["cut"]);
  assert.equal(verify(around({ lost: 3 })).problems.length, 1);
  assert.deepEqual(kinds(around({ headless: true })), ["head"]);
  // A repair that says that lines are gone does not hide that others are.
  assert.deepEqual(kinds(withFirst(around({ lost: 3 }), (lines) => lines.toSpliced(1, 1))), ["cut", "missing"]);
});

Deno.test("AuditVerifier compares with a line that was kept", () => {
  const log = logOf();
  for (const state of log.states) assert.deepEqual(verify(log, state).problems, []);
  // Somebody wrote the whole log anew, with right hashes and head.
  const forged = logOf(tenLines().with(1, entryContent(entryOf(1, 77), STAMP)));
  assert.deepEqual(verify(forged).problems, []);
  for (const [i, state] of log.states.entries()) {
    const { problems } = verify(forged, state);
    assert.deepEqual(problems.map(({ kind }) => kind), i < 2 ? [] : ["expected"], `line ${i}`);
  }
});
