/** Durations as Vault's API takes them. Every rule here was compared with OpenBao's answers (test/vectors/openbao). */
import { Fault } from "../core/fault.ts";

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  "µs": 1e-6, // U+00B5, and below U+03BC: both are called micro
  "μs": 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const PARTS = new RegExp(`^\\+?(?:${PART.source})+$`);
/** What Go's 64-bit nanoseconds hold, 292 years: beyond, Vault refuses. */
const LONGEST = 9_223_372_036;

/**
 * Reads `60`, `"60"`, `"60s"`, `"1h30m"`, `"7d"`; days stand alone and are whole. Nothing given, or an empty text, is 0.
 * @param name what errors call it
 * @returns whole seconds, rounded up: 0 means "the default" nearly everywhere, which half a second must not become
 * @throws {Fault} USAGE when it is no duration, negative, or longer than 292 years
 */
export function parseDuration(given: unknown, name: string): number {
  const seconds = secondsOf(given);
  if (seconds === undefined || seconds > LONGEST) {
    throw new Fault("USAGE", `${name} is not a duration`, { hint: "a number of seconds, or 45s, 1h30m, 7d" });
  }
  // The slack is for binary fractions: 0.1s0.2s0.7s is one second.
  return seconds === 0 ? 0 : Math.max(1, Math.ceil(seconds - 1e-6));
}

function secondsOf(given: unknown): number | undefined {
  if (given === undefined || given === null || given === "") return 0;
  if (typeof given === "number") return Number.isInteger(given) && given >= 0 ? given : undefined;
  if (typeof given !== "string") return undefined;
  const whole = /^\+?(\d+)(d?)$/.exec(given);
  if (whole) return Number(whole[1]) * (whole[2] ? 86_400 : 1);
  if (!PARTS.test(given)) return undefined;
  return [...given.matchAll(PART)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_SECONDS[unit!]!, 0);
}

/** `1h30m` for 5400 seconds: hours, minutes and seconds, without those that are 0. */
export function formatDuration(seconds: number): string {
  const parts = [[Math.floor(seconds / 3600), "h"], [Math.floor(seconds / 60) % 60, "m"], [seconds % 60, "s"]] as const;
  return parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`).join("") || "0s";
}
