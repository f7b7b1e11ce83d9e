import assert from "node:assert/strict";
import { parseDocument } from "../../../core/config/document.ts";
import { entriesOfBundle, nameOfBundle } from "../../../core/sets/bundle.ts";
import { CREDENTIALS, PARAMETERS, type SetEntry } from "../../../core/sets/set.ts";
import { assertFault } from "../../fixture/assert_fault.ts";

const shown = (entries: readonly SetEntry[]) =>
  entries.map(({ name, source }) => `${name} ${source.kind} ${source.hint}`);

Deno.test("entriesOfBundle() has one for each that the specification's example wants", async () => {
  const path = `${import.meta.dirname}/../../vectors/cnab/101.02-bundle.json`;
  const bundle = await parseDocument(Deno.readTextFileSync(path), "json", path);
  assert.equal(nameOfBundle(bundle), "helloworld");
  assert.deepEqual(shown(entriesOfBundle(bundle, CREDENTIALS, undefined)), [
    "hostkey secret hostkey",
    "image_token secret image_token",
    "kubeconfig secret kubeconfig",
  ]);
  assert.deepEqual(shown(entriesOfBundle(bundle, CREDENTIALS, "env")), [
    "hostkey env HOST_KEY",
    "image_token env AZ_IMAGE_TOKEN",
    "kubeconfig env kubeconfig",
  ]);
  assert.deepEqual(shown(entriesOfBundle(bundle, PARAMETERS, undefined)), ["backend_port value 80"]);
  assert.deepEqual(shown(entriesOfBundle(bundle, PARAMETERS, "secret")), ["backend_port secret backend_port"]);
});

Deno.test("entriesOfBundle() keeps no default that is not to be shown, and leaves Porter's own out", async () => {
  const bundle = await parseDocument(
    JSON.stringify({
      invocationImages: [],
      definitions: {
        open: { type: "string", default: "x" },
        closed: { type: "string", default: "hunter2", writeOnly: true },
        plain: { type: "string" },
        list: { type: "array", default: [1, "b"] },
        internal: { type: "boolean", default: false, $comment: "porter-internal" },
      },
      parameters: {
        e: { definition: "internal", destination: { env: "PORTER_DEBUG" } },
        d: { definition: "list", destination: { env: "D" } },
        c: { definition: "plain", destination: { env: "C" } },
        b: { definition: "closed", destination: { env: "B" } },
        a: { definition: "open", destination: { env: "A" } },
        "no definition": {},
      },
    }),
    "json",
    "bundle.json",
  );
  assert.deepEqual(shown(entriesOfBundle(bundle, PARAMETERS, undefined)), [
    "a value x",
    "b secret b",
    "c secret c",
    'd value [1,"b"]',
    "no definition secret no definition",
  ]);
  assert.deepEqual(shown(entriesOfBundle(bundle, PARAMETERS, "env")).slice(-1), ["no definition env NO_DEFINITION"]);
  assert.deepEqual(entriesOfBundle(bundle, CREDENTIALS, undefined), []);
});

Deno.test("entriesOfBundle() refuses what is no bundle", async () => {
  for (const text of ["{}", '{"credentials": {"a": {}}}', '{"invocationImages": [], "credentials": []}']) {
    const document = await parseDocument(text, "json", "file");
    await assertFault("CONFIG", () => entriesOfBundle(document, CREDENTIALS, undefined));
  }
});
