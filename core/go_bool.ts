/** Truth values as Go writes them, and as what is written in Go reads them: `strconv.ParseBool`. */

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** Undefined for what is neither. */
export function parseGoBool(text: string): boolean | undefined {
  return TRUE.includes(text) || (FALSE.includes(text) ? false : undefined);
}
