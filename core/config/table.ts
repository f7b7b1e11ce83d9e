/** A table of a configuration file. It has no prototype: `__proto__` and `constructor` are keys like any other. */
export type Table = Readonly<Record<string, unknown>>;

/** Whether a value is a table, and not an array or a date. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}
