import assert from "node:assert/strict";
import { type SecretName, type StackName } from "../../core/name.ts";
import { parseReference } from "../../core/reference.ts";
import { lookUp, resolve } from "../../core/resolve.ts";
import { Secret } from "../../core/secret.ts";
import type { OpenedValue } from "../../core/stack/stack.ts";
import { assertFault } from "../fixture/assert_fault.ts";

/** Stacks in memory, which remember what they handed out and how often they were asked. */
class Stacks {
  readonly calls: string[] = [];
  readonly handedOut: Secret[] = [];
  readonly #stacks: Record<string, Record<string, string>>;

  constructor(stacks: Record<string, Record<string, string>>) {
    this.#stacks = stacks;
  }

  readonly sourceOf = (stack: StackName | undefined) => {
    const secrets = this.#stacks[stack ?? ""];
    if (!secrets) throw new Error(`no stack ${stack}`);
    return Promise.resolve({
      find: (names: readonly SecretName[]) => {
        this.calls.push(`${stack ?? ""}: ${names.join(" ")}`);
        const found = new Map<SecretName, OpenedValue>();
        for (const name of names) {
          const text = secrets[name];
          if (text === undefined || found.has(name)) continue;
          const value = Secret.fromText(text);
          this.handedOut.push(value);
          found.set(name, { value, type: text.startsWith("{") ? "json" : "bytes", version: 1, created: "" });
        }
        return Promise.resolve(found);
      },
    });
  };
}

const references = (...texts: string[]) => texts.map((text) => parseReference(`coffer://${text}`));
const isDisposed = (secret: Secret) => {
  try {
    return secret.size < 0;
  } catch {
    return true;
  }
};

Deno.test("resolve() looks up each stack once and gives every reference its value", async () => {
  const stacks = new Stacks({ "": { a: "1", db: '{"user":"ada","port":1}' }, prod: { a: "2" } });
  const wanted = references("/a", "prod/a", "/db#user", "/db#port", "/db", "/a");
  using resolved = await resolve(wanted, stacks.sourceOf);
  const texts = wanted.map((reference) => resolved.of(reference).revealText());
  assert.deepEqual(texts, ["1", "2", "ada", "1", '{"user":"ada","port":1}', "1"]);
  assert.equal(stacks.calls.length, 2);
  assert.equal(resolved.values.length, 5);
});

Deno.test("resolve() lists all that is missing, and wipes what it had", async () => {
  const stacks = new Stacks({ "": { a: "1" }, prod: {} });
  const wanted = references("/a", "/x", "prod/a", "/x#field", "/y#f");
  const { message } = await assertFault("NOT_FOUND", () => resolve(wanted, stacks.sourceOf));
  for (const name of ["x", "coffer://prod/a", "y"]) assert.ok(message.includes(name));
  assert.equal(message.split("x").length, 2, "once each");
  assert.ok(stacks.handedOut.every(isDisposed));
  const noField = references("/a", "/a#field");
  await assertFault("NOT_FOUND", () => resolve(noField, stacks.sourceOf));
  assert.ok(stacks.handedOut.every(isDisposed));
});

Deno.test("resolve() lists missing fields with missing secrets; alone, one says which fields there are", async () => {
  const stacks = new Stacks({ "": { db: '{"user":"ada"}', plain: "1" } });
  const wanted = references("/db#user", "/db#pw", "/x", "/db#port", "/plain#f");
  const { message } = await assertFault("NOT_FOUND", () => resolve(wanted, stacks.sourceOf));
  for (const name of ["db#pw", "db#port", "x", "plain#f"]) assert.ok(message.includes(name), name);
  assert.ok(!message.includes("db#user"));
  const { hint } = await assertFault("NOT_FOUND", () => resolve(references("/db#pw"), stacks.sourceOf));
  assert.ok(hint?.includes("user"));
  assert.ok(stacks.handedOut.every(isDisposed));
});

Deno.test("lookUp() gives what there is and names what there is not", async () => {
  const stacks = new Stacks({ "": { a: "1", db: '{"user":"ada"}' }, prod: {} });
  const wanted = references("/a", "/x", "/x#f", "/db#user", "/db#pw", "prod/a");
  using resolved = await lookUp(wanted, stacks.sourceOf);
  const texts = wanted.map((reference) => resolved.find(reference)?.revealText());
  assert.deepEqual(texts, ["1", undefined, undefined, "ada", undefined, undefined]);
  assert.deepEqual([...resolved.missing.keys()], ["x", "db#pw", "coffer://prod/a"]);
  assert.equal(resolved.values.length, 2);
  assert.ok(stacks.handedOut.every(isDisposed));
});

Deno.test("resolve() passes a source's own failure on", async () => {
  const stacks = new Stacks({ "": { a: "1" } });
  await assert.rejects(() => resolve(references("/a", "other/a"), stacks.sourceOf), /no stack other/);
});

Deno.test("Resolved wipes every value when it is disposed of", async () => {
  const stacks = new Stacks({ "": { a: "1", b: "2" } });
  const wanted = references("/a", "/b");
  const resolved = await resolve(wanted, stacks.sourceOf);
  const values = [...resolved.values];
  resolved[Symbol.dispose]();
  assert.ok(values.every(isDisposed) && stacks.handedOut.every(isDisposed));
});

Deno.test("resolve() of nothing asks nobody", async () => {
  const stacks = new Stacks({});
  using resolved = await resolve([], stacks.sourceOf);
  assert.deepEqual([resolved.values, stacks.calls], [[], []]);
});

Deno.test("resolve() tells what must not be seen: values, and each text in those that have fields", async () => {
  const document = '{"user":"ada","deep":{"keys":["k-1",2,null,true,""]}}';
  const stacks = new Stacks({ "": { doc: document, text: "plain", other: '{"a":"chosen","b":"not"}' } });
  const resolved = await resolve(references("/doc", "/text", "/other#a"), stacks.sourceOf);
  const texts = resolved.masked.map((secret) => secret.revealText());
  assert.deepEqual(texts.sort(), ["", document, "ada", "chosen", "k-1", "plain"].sort());
  const parts = [...resolved.masked];
  resolved[Symbol.dispose]();
  assert.ok(parts.every(isDisposed));
});
