/**
 * Coffer answers as OpenBao does. OpenBao's answers were recorded; where there is a `bao`, they are compared with what it
 * says now. COFFER_RECORD_OPENBAO=1 records them anew.
 */
import { strict as assert } from "node:assert";
import { FailureLimiter } from "../../../server/rate_limit.ts";
import { openBao, startBaoDevServer } from "../../fixture/openbao.ts";
import { LOOPBACK, Served } from "../served.ts";
import { ONLY_MOUNTED_THERE, ONLY_OPENBAO, OTHER_ANSWERS, OTHER_WORDS, withoutGoList } from "./differences.ts";
import { EXCHANGES } from "./exchanges.ts";
import type { Recorded } from "./normal_form.ts";
import { sendAll } from "./send_all.ts";

const FILE = new URL("../../vectors/openbao/http_api.json", import.meta.url);
const isRecording = Deno.env.get("COFFER_RECORD_OPENBAO") === "1";
const { lacking } = await openBao();

Deno.test({
  name: `OpenBao's recorded answers are what it answers${lacking ? ` (ignored: ${lacking})` : ""}`,
  ignore: lacking !== undefined,
  async fn() {
    await using server = await startBaoDevServer();
    const answers = await sendAll(
      server.token,
      (method, path, headers, body) =>
        fetch(`${server.address}/v1/${path}`, { method, headers, ...body !== undefined && { body } }),
    );
    const now = Object.fromEntries(answers);
    if (isRecording) Deno.writeTextFileSync(FILE, `${JSON.stringify(now, null, 1)}\n`);
    assert.deepEqual(now, recorded());
  },
});

Deno.test("Coffer answers as OpenBao does, but for the differences that are listed", async () => {
  const theirs = recorded();
  assert.deepEqual(Object.keys(theirs), EXCHANGES.map(({ ask }) => ask), "record them anew");
  const ours = Object.fromEntries(await answersOfCoffer());
  const problems = Object.entries(theirs).flatMap(([ask, answer]) => {
    const problem = compare(ask, ours[ask]!, comparable(answer));
    return problem === undefined
      ? []
      : [`${ask}: ${problem}\n  ${JSON.stringify(answer)}\n  ${JSON.stringify(ours[ask])}`];
  });
  assert.deepEqual(problems, []);
  const listed = [...Object.keys(OTHER_WORDS), ...Object.keys(OTHER_ANSWERS)];
  assert.deepEqual(listed.filter((ask) => !Object.hasOwn(theirs, ask)), []);
});

function compare(ask: string, ours: Recorded, theirs: Recorded): string | undefined {
  const same = isSame(ours, theirs);
  if (Object.hasOwn(OTHER_ANSWERS, ask)) {
    if (ours.status !== OTHER_ANSWERS[ask]![0]) return "not the answer that is listed";
    return same ? "the difference is none any more" : undefined;
  }
  if (Object.hasOwn(OTHER_WORDS, ask)) {
    if (!isSame(withoutWords(ours), withoutWords(theirs))) return "more than the words differ";
    return same ? "the words are the same" : undefined;
  }
  return same ? undefined : "another answer";
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

function withoutWords(answer: Recorded): unknown {
  const body = answer.body as Record<string, unknown>;
  return { ...answer, body: { ...body, errors: Array.isArray(body.errors), warnings: Array.isArray(body.warnings) } };
}

/** Without what is different everywhere. */
function comparable(answer: Recorded): Recorded {
  return answer.body === undefined ? answer : { ...answer, body: without(answer.body) };
}

function without(value: unknown): unknown {
  if (typeof value === "string") return withoutGoList(value);
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !ONLY_OPENBAO.has(name) && !ONLY_MOUNTED_THERE.has(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, without(inner)]));
}

async function answersOfCoffer(): Promise<Map<string, Recorded>> {
  let time = 0;
  // Failures are far apart, as nobody who compares means to guess.
  using served = await Served.start({ secret: {} }, { failures: new FailureLimiter(() => time += 60_000) });
  return await sendAll(served.root, (method, path, headers, body) => {
    headers.set("Host", "127.0.0.1:8200");
    const request = new Request(`http://127.0.0.1:8200/v1/${path}`, {
      method,
      headers,
      ...body !== undefined && { body },
    });
    return served.app(request, LOOPBACK);
  });
}

function recorded(): Record<string, Recorded> {
  return JSON.parse(Deno.readTextFileSync(FILE));
}
