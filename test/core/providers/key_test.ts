/** Keys that outsiders choose, as names and as files: each its own, and none of them anywhere else. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isSecretName } from "../../../core/name.ts";
import { keyAtPath, pathOfKey } from "../../../core/providers/key_file.ts";
import { nameOfKey } from "../../../core/providers/key_name.ts";
import { AWKWARD_KEYS } from "../../contract/provider.ts";

const keys = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({ unit: fc.constantFrom("a", "A", "/", ".", "_", "%", "\0", " ", "2", "f", "F"), maxLength: 12 }),
  fc.constantFrom(...AWKWARD_KEYS),
);

Deno.test("nameOfKey() gives every key a name of its own, and a name itself", () => {
  fc.assert(fc.property(keys, keys, (one, other) => {
    assert.ok(isSecretName(nameOfKey(one)));
    assert.equal(nameOfKey(one) === nameOfKey(other), one === other);
    if (isSecretName(one) && !one.startsWith("_key/")) assert.equal(nameOfKey(one), one);
  }));
  assert.equal(nameOfKey("01J-db password"), "_key/_01J-db_20password");
});

Deno.test("pathOfKey() gives every key a path of its own, inside, and tells it again", () => {
  fc.assert(fc.property(keys, keys, (one, other) => {
    const path = pathOfKey(one);
    assert.equal(path.join("/") === pathOfKey(other).join("/"), one === other);
    for (const component of path) {
      assert.ok(component !== "" && !component.startsWith(".") && !/[/\\\0]/.test(component), component);
      assert.ok(new TextEncoder().encode(component).length <= 255);
    }
    const told = keyAtPath(path);
    assert.ok(told === one || path[0]!.startsWith("%%sha256-"));
  }));
});

Deno.test("keyAtPath() takes no file for a key's whose path is another", () => {
  for (const path of [".coffer.new", "%%", "%41", "%a%2f", "%zz", ".hidden", "%CONx"]) {
    assert.equal(keyAtPath([path]), undefined, path);
  }
  assert.equal(keyAtPath(["%CON"]), "CON");
  assert.equal(keyAtPath(["team", "token"]), "team/token");
  assert.equal(keyAtPath(["%team", "token"]), undefined);
});
