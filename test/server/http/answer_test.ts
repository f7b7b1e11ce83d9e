import { strict as assert } from "node:assert";
import fc from "fast-check";
import { encodeJson, type Json, keepable, respond } from "../../../server/http/answer.ts";
import { Secret } from "../../../core/secret.ts";

function isDisposed(secret: Secret): boolean {
  try {
    return secret.size < 0;
  } catch {
    return true;
  }
}

/** JSON with secrets in it, beside what it is as plain JSON. */
const withSecrets: fc.Arbitrary<{ given: Json; plain: unknown }> = fc.letrec<{ node: { given: Json; plain: unknown } }>(
  (tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.jsonValue().map((plain) => ({ given: plain as Json, plain })),
      fc.jsonValue().map((plain) => ({ given: Secret.fromText(JSON.stringify(plain)) as Json, plain })),
      fc.array(tie("node"), { maxLength: 4 }).map((nodes) => ({
        given: nodes.map(({ given }) => given),
        plain: nodes.map(({ plain }) => plain),
      })),
      fc.dictionary(fc.string(), tie("node"), { maxKeys: 4 }).map((nodes) => ({
        given: Object.fromEntries(Object.entries(nodes).map(([name, { given }]) => [name, given])),
        plain: Object.fromEntries(Object.entries(nodes).map(([name, { plain }]) => [name, plain])),
      })),
    ),
  }),
).node;

Deno.test("encodeJson() writes secrets in the places that they are in", () => {
  fc.assert(fc.property(withSecrets, ({ given, plain }) => {
    assert.equal(new TextDecoder().decode(encodeJson(given)), `${JSON.stringify(plain)}\n`);
  }));
});

Deno.test("an answer's secrets are wiped when it is sent, and when it is kept", async () => {
  const secrets = Array.from({ length: 4 }, () => Secret.fromText('"hunter2"'));
  const sent = respond({ data: { a: [secrets[0]!, { b: secrets[1]! }] }, auth: { token: secrets[2]! } }, "id");
  assert.deepEqual((await sent.json()).data, { a: ["hunter2", { b: "hunter2" }] });
  using kept = keepable({ data: secrets[3]! });
  const later = respond({ kept: kept.copy() }, "another id");
  const { data, request_id, auth } = await later.json();
  assert.deepEqual([data, request_id, auth], ["hunter2", "another id", null]);
  assert.ok(secrets.every(isDisposed));
});

Deno.test("a status without a body gets none", async () => {
  for (const status of [204, 205, 304]) {
    const response = respond({ status, bare: { a: 1 } }, "id");
    assert.deepEqual([response.status, await response.text()], [status, ""]);
  }
});
