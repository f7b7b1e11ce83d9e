/** The version of this build; `deno.json` says the same, and a check compares them. */
export const VERSION = "0.1.0";
