import assert from "node:assert/strict";
import { MemoryReturn } from "../../cli/server/memory_return.ts";
import { eventually } from "../fixture/coffer_cli.ts";

Deno.test("MemoryReturn collects twice some time after the last unlock, and not once it is disposed of", async () => {
  let collections = 0;
  using memory = new MemoryReturn(() => void collections++, [100, 120]);
  memory.unlocked();
  await new Promise((resolve) => setTimeout(resolve, 50));
  memory.unlocked(); // the time begins anew
  await new Promise((resolve) => setTimeout(resolve, 75));
  assert.equal(collections, 0);
  await eventually(() => collections === 2, "two collections");
  memory.unlocked();
  memory[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(collections, 2);
});
