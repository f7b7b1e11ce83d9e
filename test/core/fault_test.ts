import assert from "node:assert/strict";
import { EXIT, Fault, type FaultCode } from "../../core/fault.ts";

Deno.test("EXIT gives each code an exit status of its own, below those that shells and signals use", () => {
  const statuses = Object.values(EXIT);
  assert.equal(new Set(statuses).size, statuses.length);
  // 0 is success, 1 is what a run's child may mean by anything; 125 and above are the shell's.
  for (const status of statuses) assert.ok(status >= 2 && status < 125);
});

Deno.test("EXIT is what scripts rely on", () => {
  // Changing one is a breaking change, and this test is where that is noticed.
  assert.deepEqual(EXIT, {
    USAGE: 2,
    CONFIG: 3,
    NOT_FOUND: 4,
    DENIED: 5,
    LOCKED: 6,
    TAMPERED: 7,
    UNAVAILABLE: 8,
    CONFLICT: 9,
    UNSUPPORTED: 10,
    INTERNAL: 70,
  });
});

Deno.test("Fault carries its code, message, hint and cause", () => {
  const cause = new TypeError("inner");
  for (const code of Object.keys(EXIT) as FaultCode[]) {
    const fault = new Fault(code, "it failed", { hint: "try this", cause });
    assert.ok(fault instanceof Error);
    assert.deepEqual([fault.name, fault.code, fault.message, fault.hint, fault.cause], [
      "Fault",
      code,
      "it failed",
      "try this",
      cause,
    ]);
  }
});

Deno.test("Fault has neither hint nor cause when none is given", () => {
  const fault = new Fault("CONFIG", "it failed");
  assert.equal(fault.hint, undefined);
  assert.ok(!("cause" in fault));
});

Deno.test("Fault does not show its cause when it is turned into text", () => {
  // A foreign message may quote what it was given.
  const fault = new Fault("CONFIG", "it failed", { cause: new Error("canary-value") });
  assert.ok(!String(fault).includes("canary-value"));
  assert.ok(!fault.stack?.includes("canary-value"));
});
