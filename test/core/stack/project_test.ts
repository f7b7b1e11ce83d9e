import assert from "node:assert/strict";
import { foldersUpFrom } from "../../../core/stack/project.ts";

Deno.test("foldersUpFrom() ends at the root, and asks for no path twice", () => {
  assert.deepEqual([...foldersUpFrom("/home/you/app")], ["/home/you/app", "/home/you", "/home", ""]);
  assert.deepEqual([...foldersUpFrom("/app")], ["/app", ""]);
  assert.deepEqual([...foldersUpFrom("/")], [""]);
});
