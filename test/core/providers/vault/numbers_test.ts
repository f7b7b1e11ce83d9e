import assert from "node:assert/strict";
import fc from "fast-check";
import { hasLongNumber } from "../../../../core/providers/vault/numbers.ts";
import { Secret } from "../../../../core/secret.ts";

const isLong = (number: string) => hasLongNumber(Secret.fromText(`{"a":[{"b":${number}}]}`));

Deno.test("hasLongNumber() finds what a double-precision number is not equal to", () => {
  for (
    const number of ["12345678901234567890", "9007199254740993", "0.1234567890123456789", "1e400", "-1e400", "1e-400"]
  ) {
    assert.equal(isLong(number), true, number);
  }
  const short = [
    "0",
    "-0",
    "1",
    "1.10",
    "1E3",
    "1000e-3",
    "0.1",
    "1e21",
    "-123.456",
    "9007199254740992",
    "1e-7",
    "0e5",
  ];
  for (const number of [...short, "100000000000000000000000", "5e-324", '"12345678901234567890"']) {
    assert.equal(isLong(number), false, number);
  }
});

Deno.test("hasLongNumber() lets every double-precision number pass, and no whole number that comes back as another", () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => !isLong(String(number))));
  const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }); // beyond, numbers are written with an exponent
  fc.assert(fc.property(whole, (whole) => isLong(String(whole)) === (BigInt(String(Number(whole))) !== whole)));
});
