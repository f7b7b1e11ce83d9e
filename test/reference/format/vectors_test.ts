import assert from "node:assert/strict";
import { formatVectors } from "../../../scripts/make_format_vectors.ts";
import { purposeKeys, slotKeys } from "./derive.ts";
import { fromHex, Refusal, toHex } from "./layout.ts";
import { readContents, readStack } from "./stack_reader.ts";
import { acceptVectors, filesOf, kvsOf, refuseVectors, secretsOf } from "./vectors.ts";

Deno.test("readContents() opens every vector to accept", () => {
  for (const [name, vector] of acceptVectors()) {
    const { secrets, kvs, provider } = readContents(filesOf(vector.files), vector.passphrase);
    assert.deepEqual(secrets, secretsOf(vector), name);
    assert.deepEqual(kvs, kvsOf(vector), name);
    assert.deepEqual(provider, vector.provider, name);
  }
});

Deno.test("readStack() refuses every vector to refuse, for its reason", () => {
  for (const [group, { passphrase, files, cases }] of refuseVectors()) {
    assert.ok(readStack(filesOf(files), passphrase).size > 0, "the stack that the cases change is sound");
    for (const refused of cases) {
      const changed = filesOf(files, refused.files);
      assert.throws(
        () => readStack(changed, refused.passphrase ?? passphrase),
        (error: unknown) => error instanceof Refusal && error.code === refused.code,
        `${group}: ${refused.name}`,
      );
    }
  }
});

Deno.test("the steps in the vectors follow from one another", () => {
  const steps = acceptVectors().find(([name]) => name === "steps")![1].steps!;
  const of = (name: string) => fromHex(steps[name]!);
  const slot = slotKeys(new TextDecoder().decode(of("passphrase")), of("salt"), 10, of("id"));
  assert.equal(toHex(slot.kek), steps.kek);
  assert.equal(toHex(slot.commitment), steps.commitment);
  assert.equal(toHex(purposeKeys(of("stackKey"), of("id")).seal), steps.sealKey);
});

Deno.test("the committed vectors are those that the script makes", () => {
  const folder = new URL("../../vectors/format/", import.meta.url);
  const made = formatVectors();
  for (const [path, content] of made) assert.ok(Deno.readTextFileSync(new URL(path, folder)) === content, path);
  const committed = ["accept", "refuse"].flatMap((kind) => [...Deno.readDirSync(new URL(kind, folder))]);
  assert.equal(committed.length, made.size);
});
