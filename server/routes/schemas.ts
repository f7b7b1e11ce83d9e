/**
 * What members of requests and answers look like, where several routes have the same.
 *
 * Where a request has null, Vault reads the member as 0, false or empty, which is nearly everywhere as good as leaving it
 * out: what clients write that cannot leave it out.
 */
import * as z from "zod/mini";

/** A whole number, or its digits as text: command lines send those. */
export const whole = z.pipe(
  z.union([z.int(), z.string().check(z.regex(/^[+-]?[0-9]{1,15}$/)), z.null()]),
  z.transform((value: number | string | null) => Number(value)),
);

export const flag = z.pipe(
  z.union([z.boolean(), z.string().check(z.regex(/^(true|false|1|0)$/)), z.null()]),
  z.transform((value: boolean | string | null) => value === true || value === "true" || value === "1"),
);

/** Seconds, or text such as `90s`, `1h30m`, `7d`; read by `parseDuration`, which says what is wrong with it. */
export const duration = z.union([z.number(), z.string(), z.null()]);

export const text = z.pipe(z.nullable(z.string()), z.transform((value: string | null) => value ?? ""));

/** A list, or its elements in one text with commas between them, or one element alone. */
export const names = z.pipe(
  z.union([z.array(z.string()), z.string(), z.null()]),
  z.transform((value: string[] | string | null) =>
    typeof value === "string" ? value.split(",").map((name) => name.trim()).filter(Boolean) : value ?? []
  ),
);

/** As `names`, of version numbers. */
export const versionNumbers = z.pipe(
  z.union([z.array(z.union([z.int(), z.string()])), z.int(), z.string(), z.null()]),
  z.transform((value: (number | string)[] | number | string | null, context) => {
    const given = typeof value === "string" ? value.split(",").filter(Boolean) : [value ?? []].flat();
    const numbers = given.map((version) => Number(version));
    if (numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return numbers;
    context.issues.push({ code: "custom", input: value });
    return z.NEVER;
  }),
);

export const texts = z.record(z.string(), z.string());
export const time = z.string().check(z.describe("RFC 3339, UTC"));
export const timeOrNone = z.string().check(z.describe("RFC 3339, UTC; empty when there is none"));
