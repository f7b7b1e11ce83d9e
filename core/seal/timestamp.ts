/** Timestamps in files: UTC, whole seconds, `2026-01-31T23:59:59Z` (RFC 3339). */

export function formatTimestamp(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}

const LAST = Date.parse("9999-12-31T23:59:59Z");

/** The present second. */
export function timestampNow(): string {
  return formatTimestamp(new Date());
}

/** A time so many seconds after another; at most the last one that can be written. */
export function secondsAfter(timestamp: string, seconds: number): string {
  return formatTimestamp(new Date(Math.min(Date.parse(timestamp) + seconds * 1000, LAST)));
}

export function isTimestamp(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return false;
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && formatTimestamp(date) === value; // refuses the 31st of February
}
