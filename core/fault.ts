/**
 * The one error type that Coffer shows to people and programs: a stable code, a sentence that names things and never
 * their contents, and a hint that says what to type next.
 */

/** Exit code of the command line for each fault code. `run` alone maps every one of them to 125. */
export const EXIT = {
  USAGE: 2,
  CONFIG: 3,
  NOT_FOUND: 4,
  DENIED: 5,
  LOCKED: 6,
  TAMPERED: 7,
  UNAVAILABLE: 8,
  CONFLICT: 9,
  UNSUPPORTED: 10,
  INTERNAL: 70,
} as const;

/** A fault's code: part of the interface, unlike its message. */
export type FaultCode = keyof typeof EXIT;

/** What a {@linkcode Fault} may carry besides its code and message. */
export interface FaultDetail {
  /** What the user can type or do next. */
  readonly hint?: string;
  /** The error underneath; never shown, since a foreign message may quote what it was given. */
  readonly cause?: unknown;
}

/** An expected failure. Anything else that is thrown is a bug and is reported as `INTERNAL`. */
export class Fault extends Error {
  /** The stable code; tests and scripts look at this. */
  readonly code: FaultCode;
  /** What to type next. */
  readonly hint: string | undefined;

  constructor(code: FaultCode, message: string, detail: FaultDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "Fault";
    this.code = code;
    this.hint = detail.hint;
  }
}
