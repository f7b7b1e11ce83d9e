/** The forms that sets are printed in. */
const FORMS = ["plaintext", "json", "yaml"] as const;
export type OutputForm = (typeof FORMS)[number];

export const outputFlag = {
  kind: "enum",
  values: FORMS,
  default: "plaintext",
  brief: "The form to print it in",
} as const;
