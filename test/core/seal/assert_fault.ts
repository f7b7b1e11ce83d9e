/** Asserts on faults: codes, never texts. */
import assert from "node:assert/strict";
import { Fault, type FaultCode } from "../../../core/fault.ts";

function check(error: unknown, codes: readonly FaultCode[], mustNotShow: readonly string[]): void {
  if (!(error instanceof Fault)) throw error;
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(" or ")}`);
  const shown = `${error.message}\n${error.hint}\n${Deno.inspect(error)}`;
  for (const value of mustNotShow) assert.ok(!shown.includes(value), "the fault shows what it must not");
}

/** `step` throws a fault with one of these codes. @param mustNotShow what neither message, hint nor inspector may show */
export function assertFault(codes: FaultCode | readonly FaultCode[], step: () => unknown, mustNotShow: string[] = []) {
  try {
    step();
  } catch (error) {
    return check(error, [codes].flat(), mustNotShow);
  }
  assert.fail("it did not throw");
}

/** {@linkcode assertFault} for a step that is asynchronous. */
export async function assertFaultAsync(
  codes: FaultCode | readonly FaultCode[],
  step: () => Promise<unknown>,
  mustNotShow: string[] = [],
) {
  try {
    await step();
  } catch (error) {
    return check(error, [codes].flat(), mustNotShow);
  }
  assert.fail("it did not throw");
}
