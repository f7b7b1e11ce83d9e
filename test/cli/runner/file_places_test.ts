import assert from "node:assert/strict";
import { placesOf } from "../../../cli/runner/file_places.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

Deno.test("a file can be exchanged where it is and at every link on the way", () => {
  using folder = temporaryFolder();
  const root = Deno.realPathSync(folder.path);
  for (const name of ["a", "a/b", "a/b/c"]) Deno.mkdirSync(`${root}/${name}`);
  Deno.writeTextFileSync(`${root}/a/b/c/file`, "");
  const links = {
    "a/up": "..",
    "a/absolute": `${root}/a/b`,
    "a/to-file": "./b//c/file",
    "a/to-link": "absolute/c/../../to-file",
    "a/nowhere": "b/none/x",
    "a/loop": "loop",
  };
  for (const [path, target] of Object.entries(links)) Deno.symlinkSync(target, `${root}/${path}`);
  const places = (path: string) => {
    assert.ok(placesOf(`${root}/${path}`).every((place) => place.startsWith(`${root}/`)));
    return placesOf(`${root}/${path}`).map((place) => place.slice(root.length + 1));
  };
  assert.deepEqual(places("a/b/c/file"), ["a/b/c/file"]);
  assert.deepEqual(places("a/./b//../b/c/file"), ["a/b/c/file"]);
  assert.deepEqual(places("a/to-file"), ["a/to-file", "a/b/c/file"]);
  assert.deepEqual(places("a/up/a/absolute/c/file"), ["a/up", "a/absolute", "a/b/c/file"]);
  assert.deepEqual(places("a/to-link"), ["a/to-link", "a/absolute", "a/to-file", "a/b/c/file"]);
  assert.deepEqual(places("a/nowhere"), ["a/nowhere", "a/b/none/x"]);
  assert.deepEqual(places("none"), ["none"]);
  assert.ok(places("a/loop").includes("a/loop"));
});

Deno.test("a relative path is below the working folder", () => {
  const cwd = Deno.realPathSync(".");
  assert.deepEqual(placesOf("no-such-file"), [`${cwd}/no-such-file`]);
});
