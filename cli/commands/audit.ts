import type { AuditLine, ChainState, EntryLine, RepairLine } from "../../core/audit/line.ts";
import { parseLine } from "../../core/audit/parse_line.ts";
import { AuditSnapshot } from "../../core/audit/read_log.ts";
import { AuditVerifier, type Finding } from "../../core/audit/verify.ts";
import { EXIT, Fault } from "../../core/fault.ts";
import { command, type CommonFlags, type Context, toggle } from "../command.ts";

interface Flags extends CommonFlags {
  readonly verify: boolean;
  readonly expect?: ChainState;
  readonly since?: string;
}

/** How many names a line shows to people; `--json` has them all. */
const SHOWN_NAMES = 8;

export const audit = command<Flags>({
  brief: "Print the log of accesses to secrets, or check that it is whole",
  details:
    "Every command that opens, writes or removes secrets is in it, and nothing turns that off. With --verify, exits with 7\n" +
    "when lines were changed, added or taken away. Needs no passphrase.",
  examples: [
    "audit",
    "audit --since 24h --json",
    "audit --since 2026-01-31",
    "audit --verify",
    "audit --verify --expect 42:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  ],
  flags: {
    verify: toggle("Check the log instead of printing it"),
    expect: {
      kind: "parsed",
      parse: parseExpected,
      optional: true,
      brief: "Check that this line, as an earlier --verify printed it, is still there",
      placeholder: "line:hash",
    },
    since: {
      kind: "parsed",
      parse: parseSince,
      optional: true,
      brief: "Print from then on: a date, a time with its zone, or how long ago (90m, 24h, 7d)",
      placeholder: "time",
    },
  },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const log = await AuditSnapshot.take(context.workspace.home);
    if (flags.verify) return verify(context, log, flags);
    if (flags.expect) {
      throw new Fault("USAGE", "--expect is something to check", { hint: "coffer audit --verify --expect LINE:HASH" });
    }
    return print(context, log, flags.since ?? "");
  },
});

function verify({ report }: Context, log: AuditSnapshot, { expect, since }: Flags): number {
  if (since !== undefined) {
    throw new Fault("USAGE", "a log can be checked only as a whole", {
      hint: "coffer audit --verify, without --since",
    });
  }
  const verifier = new AuditVerifier(log.head, expect);
  log.read(verifier);
  const { lines, end, problems, notes } = verifier.verdict();
  const show = ({ kind, where, message }: Finding) => `${kind.padEnd(9)}  ${where}  ${message}`;
  report.data({ lines, end, problems, notes }, () => [...problems, ...notes].map(show));
  if (problems.length > 0) {
    report.warning("something else than Coffer has changed the audit log, or its end was lost in a crash");
    return EXIT.TAMPERED;
  }
  report.note(`${lines} ${lines === 1 ? "line is" : "lines are"} whole`);
  if (lines > 0) report.note(`to be sure of them later, keep this elsewhere: --expect ${end.seq}:${end.hash}`);
  return 0;
}

function print({ report }: Context, log: AuditSnapshot, since: string): void {
  const entries: (EntryLine | RepairLine)[] = [];
  let unreadable = 0;
  log.read({
    file() {},
    torn() {},
    line(text) {
      const line: AuditLine | undefined = parseLine(text);
      if (!line) unreadable++;
      else if (!("format" in line) && line.time >= since) entries.push(line);
    },
  });
  report.data(entries, () => entries.map(describe));
  if (unreadable > 0) report.warning(`${unreadable} lines cannot be read: coffer audit --verify`);
}

function describe(line: EntryLine | RepairLine): string {
  if ("repaired" in line) {
    const { torn, ahead, lost, headless } = line.repaired;
    const found = [
      ...(torn > 0 ? [`${torn} bytes of an unfinished line`] : []),
      ...(ahead > 0 ? [`${ahead} unconfirmed lines`] : []),
      ...(lost > 0 ? [`${lost} lines lost`] : []),
      ...(headless ? ["no head"] : []),
    ];
    return `${line.time}  the log was found with ${found.join(", ")}`;
  }
  const { time, actor, accessor, operation, access, stack = "-", secrets, missing, outcome } = line;
  const names = secrets.slice(0, SHOWN_NAMES).map(({ name, version }) => version ? `${name}@${version}` : name);
  if (secrets.length > SHOWN_NAMES) names.push(`and ${secrets.length - SHOWN_NAMES} more`);
  if (missing > 0) names.push(`${missing} that ${missing === 1 ? "does" : "do"} not exist`);
  const who = actor === "cli" ? [] : [accessor === undefined ? actor : `${actor}:${accessor}`];
  return [time, ...who, operation, access, stack, names.join(", ") || "-", outcome].join("  ");
}

function parseExpected(text: string): ChainState {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash !== undefined) return { seq: Number(seq), hash };
  throw new Fault("USAGE", "this is not a line and its hash", {
    hint: "as coffer audit --verify prints it: LINE:HASH",
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** As lines have it, so that texts compare as times do. */
function parseSince(text: string): string {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ms = unit !== undefined
    ? Date.now() - Number(count) * UNIT_MS[unit]!
    : TIME.test(text)
    ? Date.parse(text)
    : NaN;
  if (!Number.isNaN(ms)) return new Date(Math.max(0, ms)).toISOString();
  throw new Fault("USAGE", "--since does not say when", {
    hint: "a date (2026-01-31), a time (2026-01-31T09:00Z), or how long ago (90m, 24h, 7d)",
  });
}
