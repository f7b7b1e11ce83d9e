import assert from "node:assert/strict";
import fc from "fast-check";
import { isSecretName, type SecretName } from "../../../core/name.ts";
import { isPieceFolder, pathOfSecret, secretAtPath } from "../../../core/store/file_name.ts";
import { AWKWARD_NAMES, secretNames } from "../../fixture/secret_names.ts";

Deno.test("pathOfSecret() gives what the table in docs/format.md says", () => {
  const page = Deno.readTextFileSync(new URL("../../../docs/format.md", import.meta.url));
  const rows = [...page.matchAll(/^\| `([^`|]+)` +\| `secrets\/([^`|]+)` +\|$/gm)];
  assert.ok(rows.length >= 3, "the table was not found");
  for (const [, name, path] of rows) {
    assert.deepEqual(pathOfSecret(name as SecretName).join("/"), path);
    assert.equal(secretAtPath(path!.split("/")), name);
  }
});

Deno.test("pathOfSecret() cuts at 200 bytes when the encoded name is longer", () => {
  const path = (name: string) => pathOfSecret(name as SecretName);
  assert.deepEqual(path("x".repeat(200)), ["x".repeat(200) + ".json"]);
  assert.deepEqual(path("x".repeat(201)), ["x".repeat(200) + "~", "x.json"]);
  assert.deepEqual(path("X".repeat(200)), ["=" + "x".repeat(199) + "~", "x.json"]);
  // 255 letters that all switch the case: 509 bytes.
  const alternating = "=x".repeat(254);
  assert.deepEqual(path("xX".repeat(127) + "x"), [
    `x${alternating.slice(0, 199)}~`,
    `${alternating.slice(199, 399)}~`,
    `${alternating.slice(399)}.json`,
  ]);
});

Deno.test("pathOfSecret() gives safe components when the name is any", () => {
  fc.assert(
    fc.property(secretNames, (name) => {
      const components = pathOfSecret(name);
      for (const component of components) {
        assert.match(component, /^[a-z0-9._=+~-]+$/);
        assert.ok(component.length <= 255);
        assert.ok(component !== ".." && component !== ".");
      }
      assert.ok(components.at(-1)!.endsWith(".json"));
      assert.ok(components.slice(0, -1).every(isPieceFolder));
      // Nothing is ever a folder for one name and a file for another.
      assert.ok(!isPieceFolder(components.at(-1)!));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("secretAtPath() gives the name back when it was encoded", () => {
  fc.assert(fc.property(secretNames, (name) => assert.equal(secretAtPath(pathOfSecret(name)), name)), {
    numRuns: 2000,
  });
});

/** A name that differs little from `name`. */
function neighbour(name: string, at: number, change: number): string {
  const i = at % name.length;
  const c = name[i]!;
  const swapped = c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase();
  const replaced = [swapped, c + c, "", ".", "/", "-", "json", swapped + swapped][change % 8]!;
  return name.slice(0, i) + replaced + name.slice(i + 1);
}

Deno.test("pathOfSecret() gives two names one path only when they are the same, whether or not case counts", () => {
  const pair = fc.tuple(secretNames, fc.nat(), fc.nat()).map(([a, at, change]) => [a, neighbour(a, at, change)])
    .filter((pair): pair is [SecretName, SecretName] => isSecretName(pair[1]!));
  const samePath = (a: SecretName, b: SecretName) =>
    pathOfSecret(a).join("/").toLowerCase() === pathOfSecret(b).join("/").toLowerCase();
  fc.assert(fc.property(pair, ([a, b]) => assert.equal(samePath(a, b), a === b)), { numRuns: 2000 });
  for (const a of AWKWARD_NAMES) for (const b of AWKWARD_NAMES) assert.equal(samePath(a, b), a === b, `${a}, ${b}`);
});

Deno.test("secretAtPath() refuses a path when it is not the one that a name encodes to", () => {
  const piece = (text: string) => `${text.repeat(200)}~`;
  const refused = [
    "A.json", // case is spelled out
    "==a.json",
    "a==.json",
    "=.json",
    "a=.json", // nothing follows the switch
    "=1.json", // only a letter switches
    "=_a.json",
    "=a=+b.json", // the switch belongs in front of the letter
    ".json",
    "a",
    "a.JSON",
    "a.json~",
    "a.json.new",
    "a++b.json", // no empty segment
    "+a.json",
    "a+.json",
    ".a.json", // no segment starts with a dot
    "a+.b.json",
    "a+..+b.json",
    "-a.json",
    "a b.json",
    "ä.json",
    "a\n.json",
    "\u212a.json", // the Kelvin sign, which lower-cases to k
    `${"x".repeat(201)}.json`, // not cut
    `${"x".repeat(256)}.json`,
  ];
  for (const path of refused) assert.equal(secretAtPath([path]), undefined, path);
  const cut = [
    ["a~", "b.json"], // cut too early
    [`${"x".repeat(201)}~`, "x.json"], // and too late
    [piece("x"), ".json"], // for nothing
    [piece("x").replace("~", "x"), "x.json"],
    [piece("x"), "x~", "x.json"],
    [piece("x"), `${"x".repeat(56)}.json`], // 256 bytes of name
    ["secrets", "x.json"],
  ];
  for (const path of cut) assert.equal(secretAtPath(path), undefined, path.join("/"));
});

Deno.test("secretAtPath() gives a name only when that name's path is byte for byte this one", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab01AB._=+~-/"), maxLength: 230, size: "max" });
  const paths = fc.oneof(
    fc.array(fc.oneof(text, text.map((t) => t + ".json"), text.map((t) => `${t}~`)), { minLength: 1, maxLength: 3 }),
    // Damaged paths of real names come closer.
    fc.tuple(secretNames, fc.nat(), fc.constantFrom("", "=", "==", "A", "~", "+", ".", ".json")).map(
      ([name, at, inserted]) => {
        const path = pathOfSecret(name).join("/");
        const i = at % path.length;
        return (path.slice(0, i) + inserted + path.slice(inserted === "" ? i + 1 : i)).split("/");
      },
    ),
  );
  fc.assert(
    fc.property(paths, (path) => {
      const name = secretAtPath(path);
      if (name !== undefined) assert.deepEqual(pathOfSecret(name), path);
    }),
    { numRuns: 5000 },
  );
});
