import { Fault } from "../../core/fault.ts";

/** What sets are sorted by. */
export interface Label {
  readonly key: string;
  readonly value: string;
}

export const labelFlag = {
  kind: "parsed",
  parse: parseLabel,
  variadic: true,
  optional: true,
  placeholder: "key=value",
} as const;

/** @throws {Fault} USAGE unless `text` is KEY=VALUE */
function parseLabel(text: string): Label {
  const at = text.indexOf("=");
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a label`, { hint: "--label team=red" });
}
