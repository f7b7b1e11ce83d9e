/** The version of this build; `deno.json` says the same, and a check compares them. */
export const VERSION = "0.1.0";

declare const COFFER_COMMIT: string | undefined;

/** What a bundle was made of; the source itself does not know. */
export const COMMIT = typeof COFFER_COMMIT === "string" ? COFFER_COMMIT : "source";
