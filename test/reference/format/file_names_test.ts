import fc from "fast-check";
import assert from "node:assert/strict";
import { isSecretName } from "../../../core/name.ts";
import { isPieceFolder, pathOfSecret, secretAtPath } from "../../../core/store/file_name.ts";
import { secretName } from "../../core/seal/arbitraries.ts";
import { fileOf, isSecretName as isNameByReference, nameOf } from "./file_names.ts";

/** Names up to the longest, in few letters, so that pieces are cut everywhere and names collide where they can. */
const longName = fc.array(fc.constantFrom("a", "B", "aB", "a/", "B.", "Z/"), {
  minLength: 90,
  maxLength: 125,
  size: "max",
})
  .map((parts) => parts.join("") + "a").filter(isSecretName);
const anyName = fc.oneof(secretName, longName);

/** Paths that decode to something, if not to themselves. */
const path = fc.stringMatching(/^[a-cA=+~./-]{0,12}(\.json)?$/);

Deno.test("pathOfSecret() is the document's encoding when the name is any", () => {
  fc.assert(fc.property(anyName, (name) => assert.equal(pathOfSecret(name).join("/"), fileOf(name))));
});

Deno.test("secretAtPath() and the reference find the same name when the path is any", () => {
  fc.assert(fc.property(path, (path) => assert.equal(secretAtPath(path.split("/")), nameOf(path))), { numRuns: 2000 });
});

Deno.test("secretAtPath() returns the name when the path is its encoding", () => {
  fc.assert(fc.property(anyName, (name) => {
    assert.equal(secretAtPath(pathOfSecret(name)), name);
    assert.equal(nameOf(fileOf(name)), name);
  }));
});

Deno.test("pathOfSecret() fits every file system when the name is any", () => {
  fc.assert(fc.property(anyName, (name) => {
    const components = pathOfSecret(name);
    for (const component of components) {
      assert.ok(component.length <= 205);
      assert.match(component, /^[a-z0-9_.+=~-]+$/); // no upper case: none is lost where case is ignored
    }
    assert.ok(components.slice(0, -1).every(isPieceFolder));
  }));
});

Deno.test("pathOfSecret() gives two paths when two names differ in case alone", () => {
  fc.assert(fc.property(secretName, fc.nat(), (name, at) => {
    const letter = name.charAt(at % name.length);
    const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
    const twin = name.slice(0, at % name.length) + other + name.slice(at % name.length + 1);
    if (twin === name || !isSecretName(twin)) return;
    assert.notEqual(pathOfSecret(twin).join("/").toLowerCase(), pathOfSecret(name).join("/").toLowerCase());
  }));
});

Deno.test("isSecretName() and the reference agree when the text is any", () => {
  const text = fc.oneof(fc.stringMatching(/^[aA0_./ \n=-]{0,6}$/), fc.string(), fc.string({ unit: "binary" }));
  fc.assert(fc.property(text, (text) => assert.equal(isSecretName(text), isNameByReference(text))), { numRuns: 300 });
});
