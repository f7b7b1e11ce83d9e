import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { AuditEntry } from "../../../core/audit/entry.ts";
import { encodeHead, type Head, HEAD_BYTES, parseHead } from "../../../core/audit/head.ts";
import {
  checkEntry,
  entryContent,
  expectedHash,
  GENESIS,
  headerText,
  nextLine,
  repairContent,
} from "../../../core/audit/line.ts";
import { parseLine } from "../../../core/audit/parse_line.ts";
import { EXIT, type FaultCode } from "../../../core/fault.ts";
import type { SecretName, StackName } from "../../../core/name.ts";
import { entryOf } from "../../fixture/audit.ts";
import { secretNames } from "../../fixture/secret_names.ts";

const STAMP = { time: "2026-11-20T22:57:41.123Z", pid: 4711, uid: 1000 };
const LINE = nextLine(GENESIS, entryContent(entryOf(2, 3), STAMP)).text;

const entries: fc.Arbitrary<AuditEntry> = fc.record({
  actor: fc.oneof(
    fc.constant({ kind: "cli" } as const),
    fc.record({
      kind: fc.constant("server" as const),
      via: fc.constantFrom("unix", "loopback", "network"),
      accessor: fc.option(fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/), { nil: undefined }),
    }),
  ),
  operation: fc.constantFrom("get", "stack rm", "passphrase change", "kv"),
  kind: fc.constantFrom("read", "write", "remove", "token"),
  stack: fc.option(
    fc.record({
      name: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/) as fc.Arbitrary<StackName>,
      id: fc.option(fc.stringMatching(/^[0-9a-f]{32}$/), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  secrets: fc.array(fc.tuple(secretNames, fc.option(fc.integer({ min: 1, max: 999_999_999 }), { nil: undefined })))
    .map((pairs) => new Map(pairs)),
  missing: fc.nat(),
  outcome: fc.constantFrom("ok", ...Object.keys(EXIT) as FaultCode[]),
});

Deno.test("nextLine() writes what parseLine() reads, with nothing lost and nothing added", () => {
  fc.assert(fc.property(entries, fc.nat(), (entry, seq) => {
    checkEntry(entry);
    const { text, state } = nextLine({ ...GENESIS, seq }, entryContent(entry, STAMP));
    assert.ok(!text.includes("\n"));
    assert.deepEqual(parseLine(text), {
      seq: seq + 1,
      time: STAMP.time,
      actor: entry.actor.kind,
      ...(entry.actor.kind === "server" && { via: entry.actor.via }),
      ...(entry.actor.kind === "server" && entry.actor.accessor !== undefined && { accessor: entry.actor.accessor }),
      operation: entry.operation,
      access: entry.kind,
      ...(entry.stack && { stack: entry.stack.name }),
      ...(entry.stack?.id !== undefined && { id: entry.stack.id }),
      secrets: [...entry.secrets].map(([name, version]) => version === undefined ? { name } : { name, version }),
      missing: entry.missing,
      outcome: entry.outcome,
      pid: 4711,
      uid: 1000,
      hash: state.hash,
    });
  }));
});

Deno.test("nextLine() chains with SHA-256 over the hash before and the text before the hash", () => {
  let state = GENESIS;
  for (let i = 0; i < 3; i++) {
    const next = nextLine(state, entryContent(entryOf(1, i + 1), STAMP));
    const hashed = next.text.slice(0, next.text.indexOf(',"hash":'));
    assert.equal(next.state.hash, createHash("sha256").update(state.hash + hashed).digest("hex"));
    assert.equal(expectedHash(state.hash, next.text), next.state.hash);
    state = next.state;
  }
  assert.equal(state.seq, 3);
});

Deno.test("parseLine() reads the first line of a file, and a repair", () => {
  assert.deepEqual(parseLine(headerText({ ...GENESIS, seq: 7 })), { format: "coffer/1 audit", ...GENESIS, seq: 7 });
  const repaired = { torn: 1, ahead: 2, lost: 3, headless: true };
  const { text, state } = nextLine(GENESIS, repairContent(repaired, STAMP));
  assert.deepEqual(parseLine(text), { seq: 1, time: STAMP.time, repaired, pid: 4711, uid: 1000, hash: state.hash });
});

Deno.test("parseLine() refuses a line that says more, or the same in another form", () => {
  assert.ok(parseLine(LINE));
  const changes: [from: string | RegExp, to: string][] = [
    ['"missing"', '"value":"x","missing"'],
    ['"version":3}', '"version":3,"value":"x"}'],
    ['"name":"name/0","version":3', '"version":3,"name":"name/0"'],
    [/^\{"seq":1,(.*)\}$/, '{$1,"seq":1}'],
    ['"seq":1', '"seq":1.0'],
    ['"seq":1', '"seq":0'],
    ['"seq":1', '"seq":"1"'],
    ['"seq":1', '"seq":1,"seq":1'],
    ['"seq":1', '"seq": 1'],
    [".123Z", "Z"],
    ["-20T", "-31T"],
    ['"cli"', '"person"'],
    ['"cli"', '"cli","via":"pipe"'],
    ['"cli"', '"server","via":"unix","accessor":"cfr.token"'],
    ['"get"', '"get hunter2"'],
    ['"read"', '"READ"'],
    ['"dev"', '"../dev"'],
    ["name/0", "name 0"],
    ["name/0", "n\\u0061me/0"],
    ['"version":3', '"version":0'],
    ['"missing":0', '"missing":-0'],
    ['"missing":0', '"missing":null'],
    ['"ok"', '"OK"'],
    ['"uid":1000', '"uid":-1'],
    [/"hash":".{64}"/, `"hash":"${"A".repeat(64)}"`],
    [/,"hash":".{64}"/, ""],
    [/$/, " "],
    [/$/, "\r"],
    [/^/, "\ufeff"],
  ];
  for (const [from, to] of changes) {
    const changed = LINE.replace(from, to);
    assert.notEqual(changed, LINE);
    assert.equal(parseLine(changed), undefined, `${from} → ${to}`);
  }
  for (const text of ["", "null", "[]", "1", '""', "{}", LINE.slice(0, -1), LINE + LINE]) {
    assert.equal(parseLine(text), undefined, text);
  }
});

Deno.test("parseLine() takes words that a later version may use for operations and accesses", () => {
  assert.ok(parseLine(LINE.replace('"get"', '"share"').replace('"read"', '"lend"')));
});

Deno.test("checkEntry() lets nothing in that is no name", () => {
  const server = (accessor: string) => ({ kind: "server", via: "unix", accessor }) as const;
  const wrong: Partial<AuditEntry>[] = [
    { secrets: new Map([["correct horse" as SecretName, 1]]) },
    { secrets: new Map([["a\nb" as SecretName, 1]]) },
    { actor: server("cfr.0123456789abcdefghijklmnopqrstuv") },
    { actor: server("") },
    { actor: server("x".repeat(65)) },
  ];
  for (const part of wrong) {
    assert.throws(() => checkEntry({ ...entryOf(), ...part }), TypeError);
  }
  checkEntry({ ...entryOf(), actor: server("dL6HpQmKGXuzxg9dTBN6AJ4x") });
});

Deno.test("encodeHead() always writes as much, and parseHead() reads nothing else", () => {
  const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const heads: fc.Arbitrary<Head> = fc.record({
    file: fc.integer({ min: 1, max: 999_999_999 }),
    size: count,
    seq: count,
    hash: fc.stringMatching(/^[0-9a-f]{64}$/),
  }, { noNullPrototype: true });
  fc.assert(fc.property(heads, fc.nat(HEAD_BYTES - 1), fc.integer({ min: 1, max: 255 }), (head, at, bits) => {
    const bytes = encodeHead(head);
    assert.equal(bytes.length, HEAD_BYTES);
    assert.deepEqual(parseHead(bytes), head);
    bytes[at]! ^= bits;
    const changed = parseHead(bytes);
    // Another digit makes another head; that one does not go with the log.
    assert.notDeepEqual(changed, head);
    assert.equal(parseHead(bytes.subarray(0, at)), undefined);
  }));
  for (const text of ["", "null", "{}", "[]".padEnd(HEAD_BYTES), "\0".repeat(HEAD_BYTES)]) {
    assert.equal(parseHead(new TextEncoder().encode(text)), undefined);
  }
});
