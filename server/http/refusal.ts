/** An answer that says no. Thrown anywhere below `app.ts`, which alone turns it into a response. */

export class Refusal extends Error {
  readonly status: number;
  /** What the answer says: names of things, never their contents. */
  readonly errors: readonly string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, errors: readonly string[] | string = [], headers: Readonly<Record<string, string>> = {}) {
    super(`refused with ${status}`);
    this.name = "Refusal";
    this.status = status;
    this.errors = typeof errors === "string" ? [errors] : errors;
    this.headers = headers;
  }
}

/**
 * No token, a wrong one, one without the right, and a path that there is not: all the same to whoever asks. OpenBao
 * wraps the words in "1 error occurred: …" when the token is good, which tells a guesser that it is.
 */
export function permissionDenied(): Refusal {
  return new Refusal(403, "permission denied");
}

/** There is nothing under that name, which the caller may know. */
export function notFound(): Refusal {
  return new Refusal(404);
}
