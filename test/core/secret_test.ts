import fc from "fast-check";
import assert from "node:assert/strict";
import { format, inspect } from "node:util";
import { Fault } from "../../core/fault.ts";
import { Secret } from "../../core/secret.ts";

const CANARY = "canary-value-5b1d";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The value as text, and its bytes as inspectors list them. */
const TRACES = [CANARY, bytesOf(CANARY).subarray(0, 4).join(", "), btoa(CANARY), bytesOf(CANARY).join(",")];

function assertHidden(shown: string): void {
  for (const trace of TRACES) assert.ok(!shown.includes(trace), "it shows the value");
}

/** A class, as those that hold secrets in their fields. */
class Holder {
  readonly secret = Secret.fromText(CANARY);
}

Deno.test("a secret shows [secret] when it is turned into text or JSON", () => {
  const secret = Secret.fromText(CANARY);
  assert.equal(String(secret), "[secret]");
  assert.equal(`${secret}`, "[secret]");
  assert.equal("" + secret, "[secret]");
  assert.equal([secret].join(), "[secret]");
  assert.equal(JSON.stringify(secret), '"[secret]"');
  assert.equal(JSON.stringify({ a: [secret] }), '{"a":["[secret]"]}');
});

Deno.test("a secret shows [secret] when an inspector shows it, however deep it is", () => {
  const secret = Secret.fromText(CANARY);
  const nested = { a: [new Map([["k", { secret }]])], set: new Set([secret]), holder: new Holder() };
  const withCause = new Error("it failed", { cause: secret });
  const deepCause = new Fault("INTERNAL", "it failed", { cause: new Error("inner", { cause: { secret } }) });
  const options = { depth: 20, showHidden: true, showProxy: true, getters: true };
  for (const value of [secret, nested, withCause, deepCause, [secret], new Proxy(secret, {})]) {
    for (
      const shown of [
        Deno.inspect(value, options),
        inspect(value, options),
        format("%o %O %j %s", value, value, 1, value),
      ]
    ) {
      assertHidden(shown);
    }
  }
  assert.equal(Deno.inspect(secret), "[secret]");
  assert.equal(inspect(secret), "[secret]");
  assert.match(Deno.inspect(nested, options), /\[secret\]/);
  assert.match(inspect(withCause), /\[secret\]/);
});

Deno.test("a secret shows nothing when an inspector ignores its own way to show it", () => {
  const secret = Secret.fromText(CANARY);
  assertHidden(inspect(secret, { customInspect: false, showHidden: true, depth: 20 }));
});

Deno.test("a secret shows nothing when it is copied member by member", () => {
  const secret = Secret.fromText(CANARY);
  assert.deepEqual(Reflect.ownKeys(secret), []);
  assertHidden(JSON.stringify(structuredClone({ ...secret })));
  assertHidden(JSON.stringify(Object.assign({}, new Holder())));
});

Deno.test("reveal() returns the bytes, as a copy", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    const secret = new Secret(bytes.slice());
    const revealed = secret.reveal();
    assert.deepEqual(revealed, bytes);
    revealed.fill(0);
    assert.deepEqual(secret.reveal(), bytes);
    assert.equal(secret.size, bytes.length);
  }));
});

Deno.test("use() lends the bytes themselves and returns what the borrower returns", () => {
  const bytes = bytesOf(CANARY);
  assert.equal(new Secret(bytes).use((lent) => lent === bytes && lent.length), bytes.length);
});

Deno.test("revealText() returns the text when it is UTF-8, a byte-order mark included", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(Secret.fromText(text).revealText(), text);
  }));
  assert.equal(Secret.fromText("\ufeffa").revealText(), "\ufeffa");
});

Deno.test("revealText() throws a TypeError and does not quote the bytes when they are not UTF-8", () => {
  const secret = new Secret(new Uint8Array([...bytesOf(CANARY), 0xff]));
  assert.throws(() => secret.revealText(), (error: unknown) => {
    assert.ok(error instanceof TypeError);
    assertHidden(Deno.inspect(error) + inspect(error));
    return true;
  });
});

Deno.test("copy() has bytes of its own", () => {
  const secret = Secret.fromText(CANARY);
  const copy = secret.copy();
  secret.dispose();
  assert.equal(copy.revealText(), CANARY);
});

Deno.test("dispose() overwrites the bytes, and every use after it throws", () => {
  const bytes = bytesOf(CANARY);
  const secret = new Secret(bytes);
  secret.dispose();
  assert.deepEqual(bytes, new Uint8Array(CANARY.length));
  const uses = [
    () => secret.size,
    () => secret.use(() => 0),
    () => secret.reveal(),
    () => secret.copy(),
    () => secret.revealText(),
  ];
  for (const use of uses) assert.throws(use, TypeError);
  secret.dispose();
  assert.equal(String(secret), "[secret]");
});

Deno.test("dispose() is called when a `using` block ends, by an error too", () => {
  const bytes = bytesOf(CANARY);
  assert.throws(() => {
    using _secret = new Secret(bytes);
    throw new RangeError();
  }, RangeError);
  assert.deepEqual(bytes, new Uint8Array(CANARY.length));
});

Deno.test("equals() tells the same bytes from others, and is of no use after disposal", () => {
  const secret = Secret.fromText("value");
  assert.ok(secret.equals(Secret.fromText("value")));
  for (const other of ["valuf", "valu", "value ", ""]) assert.ok(!secret.equals(Secret.fromText(other)));
  secret.dispose();
  assert.throws(() => secret.equals(Secret.fromText("value")), TypeError);
});
