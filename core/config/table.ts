/** Tables of configuration files, whatever the file's format. */

/** As they are read from a file, they have no prototype: `__proto__` and `constructor` are keys like any other. */
export type Table = Readonly<Record<string, unknown>>;

/** Whether a value is a table, and not an array or a date. */
export function isTable(value: unknown): value is Table {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
