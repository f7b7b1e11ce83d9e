/** An answer that says no. Thrown anywhere below `app.ts`, which alone turns it into a response. */

export interface RefusalDetail {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Refusal extends Error {
  readonly status: number;
  /** What the answer says: names of things, never their contents. */
  readonly errors: readonly string[];
  /** More of it, for programs. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, errors: readonly string[] | string = [], more: RefusalDetail = {}) {
    super(`refused with ${status}`);
    this.name = "Refusal";
    this.status = status;
    this.errors = typeof errors === "string" ? [errors] : errors;
    this.data = more.data;
    this.headers = more.headers ?? {};
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

/** In the words that Vault's command line looks for. */
export function sealed(): Refusal {
  return new Refusal(503, "Vault is sealed");
}
