import { strict as assert } from "node:assert";
import { BODY_MS, MAX_BODY_BYTES, readJsonBody } from "../../../server/http/request_body.ts";
import { Refusal } from "../../../server/http/refusal.ts";
import { Served } from "../served.ts";

const encoder = new TextEncoder();

/** A request whose body comes in these pieces, without a length. */
function streamed(pieces: Iterable<Uint8Array>, onCancel: () => void = () => {}): Request {
  const iterator = pieces[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: onCancel,
  });
  return new Request("http://localhost/", { method: "POST", body });
}

async function refusal(request: Request): Promise<number> {
  try {
    await readJsonBody(request);
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.status;
  }
  throw new assert.AssertionError({ message: "it was not refused" });
}

/** `{"a":"xxx…"}` of this size. */
function objectOf(size: number): Uint8Array<ArrayBuffer> {
  return encoder.encode(`{"a":"${"x".repeat(size - 8)}"}`);
}

Deno.test("readJsonBody() reads an object in whatever pieces it comes, and takes no body for an empty one", async () => {
  const bytes = encoder.encode('{"a":{"ü":[1,null]}}');
  for (const size of [1, 2, 3, bytes.length]) {
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, i) => bytes.slice(i * size, (i + 1) * size),
    );
    assert.deepEqual(await readJsonBody(streamed(pieces)), { a: { ü: [1, null] } });
  }
  assert.deepEqual(await readJsonBody(streamed([])), {});
  assert.deepEqual(await readJsonBody(streamed([encoder.encode("null\n")])), {});
  assert.deepEqual(await readJsonBody(new Request("http://localhost/", { method: "POST" })), {});
  assert.equal((await readJsonBody(streamed([objectOf(MAX_BODY_BYTES)]))).a, "x".repeat(MAX_BODY_BYTES - 8));
});

Deno.test("readJsonBody() stops reading a body that is too large, whether it says so or not", async () => {
  const request = new Request("http://localhost/", {
    method: "POST",
    body: "{}",
    headers: { "Content-Length": `${MAX_BODY_BYTES + 1}` },
  });
  assert.equal(await refusal(request), 413);
  let sent = 0;
  let cancelled = false;
  function* endless() {
    for (; sent < 100 * MAX_BODY_BYTES; sent += 65_536) yield new Uint8Array(65_536);
  }
  assert.equal(await refusal(streamed(endless(), () => cancelled = true)), 413);
  assert.ok(sent < 2 * MAX_BODY_BYTES && cancelled);
  assert.equal(await refusal(streamed([objectOf(MAX_BODY_BYTES + 1)])), 413);
});

Deno.test("readJsonBody() gives up on a body that does not come", async () => {
  const { setTimeout } = globalThis;
  const waits: number[] = [];
  globalThis.setTimeout = ((step: () => void, milliseconds: number) => {
    waits.push(milliseconds);
    return setTimeout(step, 0);
  }) as typeof setTimeout;
  try {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(encoder.encode('{"a":')) });
    assert.equal(await refusal(new Request("http://localhost/", { method: "POST", body })), 408);
    assert.deepEqual(waits, [BODY_MS]);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

Deno.test("readJsonBody() refuses a body that breaks off, and what is no JSON object", async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new TypeError("reset")) });
  assert.equal(await refusal(new Request("http://localhost/", { method: "POST", body: broken })), 400);
  for (
    const text of [
      ...["{", "[]", "1", '"a"', "{} {}", "{'a':1}", '{"a":1,}', "\u0000", " ", "{}x", "a=1", '{"a":01}'],
      `${'{"a":'.repeat(400)}1${"}".repeat(400)}`,
      `${"[".repeat(200_000)}`,
    ]
  ) assert.equal(await refusal(streamed([encoder.encode(text)])), 400, text.slice(0, 40));
  assert.equal(await refusal(streamed([new Uint8Array([0x7b, 0xff, 0x7d])])), 400);
});

Deno.test("a body is read only by what takes one, and not for who has no token", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  let pulled = false;
  const untouched = () => new ReadableStream<Uint8Array>({ pull: () => void (pulled = true) }, { highWaterMark: 0 });
  assert.equal((await served.send("DELETE", "secret/data/a", { body: untouched() })).status, 204);
  assert.equal((await served.send("PUT", "secret/data/a", { body: untouched(), token: null })).status, 403);
  assert.equal((await served.send("PUT", "secret/data/a", { body: untouched(), token: "wrong" })).status, 403);
  assert.equal((await served.send("PUT", "nothing/here", { body: untouched() })).status, 404);
  assert.equal(pulled, false);
  assert.equal((await served.send("PUT", "secret/data/a", { body: objectOf(MAX_BODY_BYTES + 1) })).status, 413);
});
