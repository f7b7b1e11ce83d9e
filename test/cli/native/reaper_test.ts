import assert from "node:assert/strict";
import { changeOf } from "../../../cli/native/reaper.ts";

Deno.test("a wait status tells the exit code, or the signal, or a stop", () => {
  for (let code = 0; code < 256; code++) assert.deepEqual(changeOf(code << 8), { exit: code });
  const core = 0x80;
  for (let signal = 1; signal <= 64; signal++) {
    assert.deepEqual(changeOf(signal), { exit: 128 + signal });
    assert.deepEqual(changeOf(signal | core), { exit: 128 + signal }, "with a core file");
    assert.deepEqual(changeOf((signal << 8) | 0x7f), "stopped");
  }
});
