/**
 * Reads the lines of the audit log: whatever is not, byte for byte, what its meaning encodes to is no line. Apart from
 * what writes them, since commands that write one line need none of this.
 */
import { EXIT } from "../fault.ts";
import { isSecretName, isStackName } from "../name.ts";
import { ACCESSOR, type AuditLine, FORMAT } from "./line.ts";

/** The line that a text without line end is; undefined when it is none in the one form that there is. */
export function parseLine(text: string): AuditLine | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  const line = ENTRY(given) ?? REPAIRED(given) ?? HEADER(given);
  return JSON.stringify(line) === text ? line as AuditLine : undefined;
}

/** Takes a value out of parsed JSON; undefined when it is not what it has to be. */
type Reader = (given: unknown) => unknown;

const when = (isRight: (given: unknown) => boolean): Reader => (given) => isRight(given) ? given : undefined;
const textThat = (isRight: (given: string) => boolean) => when((given) => typeof given === "string" && isRight(given));
const matching = (pattern: RegExp) => textThat((given) => pattern.test(given));
const oneOf = (...values: readonly unknown[]) => when((given) => values.includes(given));
const numberFrom = (least: number) => when((given) => Number.isSafeInteger(given) && (given as number) >= least);
const either = (first: Reader, second: Reader): Reader => (given) => first(given) ?? second(given);

function arrayOf(read: Reader): Reader {
  return (given) => {
    const elements = Array.isArray(given) ? given.map(read) : [undefined];
    return elements.includes(undefined) ? undefined : elements;
  };
}

/** These members and no others, in this order. A name that ends in `?` may be left out. */
function members(readers: Readonly<Record<string, Reader>>): Reader {
  const all = Object.entries(readers).map(([name, read]) => [name.replace("?", ""), name.endsWith("?"), read] as const);
  return (given) => {
    if (typeof given !== "object" || given === null) return undefined;
    const line: Record<string, unknown> = {};
    for (const [name, optional, read] of all) {
      const member = (given as Record<string, unknown>)[name];
      if (member === undefined && optional) continue;
      if ((line[name] = read(member)) === undefined) return undefined;
    }
    return line;
  };
}

const TIME = textThat((given) => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(given)) return false;
  const date = new Date(given);
  return !Number.isNaN(date.getTime()) && date.toISOString() === given; // refuses the 31st of February
});
const HASH = matching(/^[0-9a-f]{64}$/);
const WRITER = { pid: numberFrom(1), uid: either(numberFrom(0), oneOf(null)) };

const ENTRY = members({
  seq: numberFrom(1),
  time: TIME,
  actor: oneOf("cli", "server"),
  "via?": oneOf("unix", "loopback", "network"),
  "accessor?": matching(ACCESSOR),
  // Whatever later versions add is still one word or two.
  operation: matching(/^[a-z]{1,16}( [a-z]{1,16})?$/),
  access: matching(/^[a-z]{1,16}$/),
  "stack?": textThat(isStackName),
  "id?": matching(/^[0-9a-f]{32}$/),
  secrets: arrayOf(members({ name: textThat(isSecretName), "version?": numberFrom(1) })),
  missing: numberFrom(0),
  outcome: oneOf("ok", ...Object.keys(EXIT)),
  ...WRITER,
  hash: HASH,
});

const REPAIRED = members({
  seq: numberFrom(1),
  time: TIME,
  repaired: members({
    torn: numberFrom(0),
    ahead: numberFrom(0),
    lost: numberFrom(0),
    headless: when((given) => typeof given === "boolean"),
  }),
  ...WRITER,
  hash: HASH,
});

const HEADER = members({ format: oneOf(FORMAT), seq: numberFrom(0), hash: HASH });
