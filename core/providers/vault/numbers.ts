/**
 * Numbers that a Vault would change. Version 2 of its KV engine reads data into double-precision numbers, so that of an
 * account number of twenty digits seventeen come back, and does not say so. Such a number is refused before it is lost.
 */
import type { Secret } from "../../secret.ts";

type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** Whether a JSON text has a number that is another one after it was read as a double and written again. */
export function hasLongNumber(text: Secret): boolean {
  let found = false;
  const look: Reviver = (_key, value, context) => {
    if (typeof value === "number" && context?.source !== undefined) {
      found ||= digitsOf(context.source) !== digitsOf(String(value));
    }
    return value;
  };
  JSON.parse(text.revealText(), look);
  return found;
}

/** Digits without zeros at either end, and the exponent that then belongs to them: the same for equal numbers. What is no number stays. */
export function digitsOf(number: string): string {
  const parts = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number);
  if (!parts) return number; // Infinity
  const [, whole = "", fraction = "", exponent = "0"] = parts;
  const digits = (whole + fraction).replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  if (short === "") return "0";
  return `${number.startsWith("-") ? "-" : ""}${short}e${
    Number(exponent) - fraction.length + digits.length - short.length
  }`;
}
