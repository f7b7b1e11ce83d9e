import assert from "node:assert/strict";
import { forwardSignals } from "../../../cli/runner/signals.ts";
import { eventually } from "../../fixture/coffer_cli.ts";

Deno.test({
  name: "a signal that comes between two commands is the second's",
  ignore: Deno.build.os !== "linux",
  // The C library stays open, and SIGUSR1 is never given back to the runtime.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const got: string[] = [];
    const command = (name: string) => ({ signal: (signal: Deno.Signal) => void got.push(`${name} ${signal}`) });
    using signals = forwardSignals("own group", new Set());
    const send = async (signal: Deno.Signal) => {
      let arrived = false;
      const listener = () => void (arrived = true);
      Deno.addSignalListener(signal, listener);
      Deno.kill(Deno.pid, signal);
      await eventually(() => arrived, signal);
      Deno.removeSignalListener(signal, listener);
    };
    await send("SIGWINCH");
    assert.deepEqual(got, []);
    {
      using _first = signals.attach(command("first"));
      await send("SIGUSR2");
      await eventually(() => got.length === 2, "both");
    }
    await send("SIGIO");
    await send("SIGPROF");
    assert.ok(!signals.ending);
    using _second = signals.attach(command("second"));
    await eventually(() => got.length === 4, "all");
    assert.deepEqual(got, ["first SIGWINCH", "first SIGUSR2", "second SIGIO", "second SIGPROF"]);
  },
});
