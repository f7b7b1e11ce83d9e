/**
 * A verifier of audit logs, written from docs/audit.md alone and sharing no code with Coffer: plain, slow, and the
 * grammar as one regular expression.
 */
import { createHash } from "node:crypto";

const COUNT = "(?:0|[1-9]\\d{0,15})";
const POSITIVE = "[1-9]\\d{0,15}";
const TIME = "(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)";
const NAME = '(?=[^"]{1,255}")\\w[\\w.-]*(?:\\/\\w[\\w.-]*)*';
const WORD = "[a-z]{1,16}";
const SECRET = `\\{"name":"${NAME}"(?:,"version":${POSITIVE})?\\}`;
const CODE = "ok|USAGE|CONFIG|NOT_FOUND|DENIED|LOCKED|TAMPERED|UNAVAILABLE|CONFLICT|UNSUPPORTED|INTERNAL";
const END = `"pid":${POSITIVE},"uid":(?:null|${COUNT}),"hash":"([0-9a-f]{64})"\\}`;

const FIRST = new RegExp(`^\\{"format":"coffer/1 audit","seq":(${COUNT}),"hash":"([0-9a-f]{64})"\\}$`);
const ACCESS = new RegExp(
  `^\\{"seq":(${POSITIVE}),"time":"${TIME}","actor":"(?:cli|server)"(?:,"via":"(?:unix|loopback|network)")?` +
    `(?:,"accessor":"[A-Za-z0-9-]{1,64}")?,"operation":"${WORD}(?: ${WORD})?","access":"${WORD}"` +
    `(?:,"stack":"[a-z0-9][a-z0-9_-]{0,63}")?(?:,"id":"[0-9a-f]{32}")?,"secrets":\\[(?:${SECRET}(?:,${SECRET})*)?\\],` +
    `"missing":${COUNT},"outcome":"(?:${CODE})",${END}$`,
);
const REPAIR = new RegExp(
  `^\\{"seq":(${POSITIVE}),"time":"${TIME}","repaired":\\{"torn":(${COUNT}),"ahead":(${COUNT}),"lost":(${COUNT}),` +
    `"headless":(true|false)\\},${END}$`,
);

/**
 * @param files texts by number
 * @param head the text of the head, if there is one
 * @returns what was found: the words of docs/audit.md §5, each once, sorted
 */
export function findings(files: ReadonlyMap<number, string>, head: string | undefined): string[] {
  const found = new Set<string>();
  const states = new Set([`0 ${"0".repeat(64)}`]);
  let state: { seq: number; hash: string } | undefined = { seq: 0, hash: "0".repeat(64) };
  let last = 0;
  let before = 0;
  let hasLines = false;
  for (const number of [...files.keys()].sort((a, b) => a - b)) {
    if (number !== before + 1) {
      found.add(before === 0 ? "start" : "file");
      state = undefined;
    }
    before = number;
    const lines = files.get(number)!.split("\n");
    if (lines.pop() !== "") found.add("torn");
    for (const [i, line] of lines.entries()) {
      const first = i === 0 ? FIRST.exec(line) : null;
      const access = i > 0 ? ACCESS.exec(line) : null;
      const repair = i > 0 ? REPAIR.exec(line) : null;
      const match = first ?? access ?? repair;
      if (!match || (!first && !exists(match[2]!))) {
        found.add("malformed");
        state = undefined;
        continue;
      }
      const seq = Number(match[1]);
      const hash = match.at(-1)!;
      if (!first) hasLines = true;
      if (repair) {
        if (repair[3] !== "0") found.add("torn");
        if (repair[4] !== "0") found.add("ahead");
        if (repair[5] !== "0") found.add("cut");
        if (repair[6] === "true") found.add("head");
      }
      if (state) {
        const next: number = first ? state.seq : state.seq + 1 + Number(repair?.[5] ?? 0);
        const right: string = first
          ? state.hash
          : createHash("sha256").update(state.hash + line.slice(0, line.lastIndexOf(',"hash":'))).digest("hex");
        if (seq > next) found.add("missing");
        else if (seq < next) found.add(first ? "altered" : "order");
        else if (hash !== right) found.add("altered");
      }
      state = { seq, hash };
      states.add(`${seq} ${hash}`);
      last = seq;
    }
  }
  const readable = head === undefined
    ? null
    : /^\{"file":[1-9]\d*,"size":(?:0|[1-9]\d*),"seq":(\d+),"hash":"([0-9a-f]{64})"\} *\n$/.exec(head);
  if (!readable || head!.length !== 160) {
    if (hasLines) found.add("head");
  } else if (!states.has(`${readable[1]} ${readable[2]}`)) found.add("cut");
  else if (last > Number(readable[1])) found.add("ahead");
  return [...found].sort();
}

/** Refuses the 31st of February. */
function exists(time: string): boolean {
  const date = new Date(time);
  return !Number.isNaN(date.getTime()) && date.toISOString() === time;
}
