import assert from "node:assert/strict";
import { MemoryReturn } from "../../cli/memory_return.ts";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";

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

/** It takes as long as core holds the memory, and the flags that the bundle's first line has. */
const lacking = Deno.build.os !== "linux"
  ? "needs /proc"
  : Deno.env.get("COFFER_SLOW_TESTS") === "1"
  ? undefined
  : "takes 40 seconds (COFFER_SLOW_TESTS=1)";

endToEnd("what runs for long does not keep the memory that unlocking took", async (coffer) => {
  if (coffer.target.name === "source") return; // nobody gives it the flags
  await coffer.ok(["init", "--work-factor", "17"]);
  const started = performance.now();
  for (const args of [["run", "--", "sleep", "60"], ["serve"]]) {
    const process = coffer.spawn(args, { through: `exec "${coffer.target.command!.at(-1)}" "\${@: -${args.length}}"` });
    const resident = () => Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${process.pid}/status`))![1]);
    await eventually(() => resident() > 128 * 1024, "the unlock");
    while (resident() > 128 * 1024) {
      assert.ok(performance.now() - started < 100_000, `${args[0]} still has ${resident()} KiB`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    process.kill("SIGTERM");
    await process.output();
  }
}, { ...BUNDLE_ONLY, lacking });
