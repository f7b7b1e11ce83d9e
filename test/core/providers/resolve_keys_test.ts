import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { MemoryProvider } from "../../../core/providers/memory.ts";
import { resolveKeys } from "../../../core/providers/resolve_keys.ts";
import { Secret } from "../../../core/secret.ts";
import { codeOf, persist, secret, take } from "../../contract/provider.ts";

Deno.test("resolveKeys() finds keys, and fields of secrets where there is no such key", async () => {
  await using provider = new MemoryProvider();
  await persist(provider, "plain", "p");
  await persist(provider, "db#port", "a key of its own");
  using fields = Secret.fromText('{"password":"hunter2","port":5432}');
  await provider.persist(secret("db"), { value: fields, type: "json" });
  const found = await resolveKeys(provider, ["plain", "db#password", "db#port", "none", "db#password"].map(secret));
  assert.deepEqual(found.map(codeOf), ["ok", "ok", "ok", "NOT_FOUND", "ok"]);
  assert.deepEqual(found.filter((one) => !(one instanceof Fault)).map(take), [
    "p",
    "hunter2",
    "a key of its own",
    "hunter2",
  ]);
  const none = ["db#user", "plain#a", "none#a", "a b#c", "#a", "db#", "db#a b", "a#b#c"];
  const missing = await resolveKeys(provider, none.map(secret));
  assert.ok(missing.every((one) => codeOf(one) === "NOT_FOUND"));
  assert.deepEqual(await resolveKeys(provider, []), []);
});

Deno.test("resolveKeys() wipes what it has when the provider fails in between", async () => {
  await using provider = new MemoryProvider();
  await persist(provider, "plain", "p");
  const handedOut: Secret[] = [];
  let calls = 0;
  const failing = {
    async resolve(sources: Parameters<MemoryProvider["resolve"]>[0]) {
      if (++calls > 1) throw new Fault("UNAVAILABLE", "gone");
      const results = await provider.resolve(sources);
      for (const result of results) if (!(result instanceof Fault)) handedOut.push(result.value);
      return results;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await assert.rejects(resolveKeys(failing, ["plain", "db#password"].map(secret)), { code: "UNAVAILABLE" });
  assert.equal(handedOut.length, 1);
  assert.throws(() => handedOut[0]!.reveal());
});
