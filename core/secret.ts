/**
 * A secret value: bytes with an owner, which never print.
 *
 * A bare string or Uint8Array ends up in a log, an error or an inspector sooner or later. This type prints `[secret]`
 * wherever it is shown, and getting at the bytes takes a call that a reviewer can grep for.
 */
import { constantTimeEqual } from "./crypto/bytes.ts";

const SHOWN = "[secret]";

export class Secret {
  #bytes: Uint8Array | undefined;

  /** Takes ownership of `bytes`: the caller must not keep or change them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A secret from text, as UTF-8. The string itself cannot be wiped; use bytes where they come as bytes. */
  static fromText(text: string): Secret {
    return new Secret(new TextEncoder().encode(text));
  }

  /** Size in bytes. */
  get size(): number {
    return this.#owned().length;
  }

  /** Lends the bytes to `borrow` for as long as it runs; they must not be kept or changed. */
  use<T>(borrow: (bytes: Uint8Array) => T): T {
    return borrow(this.#owned());
  }

  /** Returns a copy of the bytes, which the caller must wipe. Search for this name to find where secrets come out. */
  reveal(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#owned());
  }

  /** Whether both hold the same bytes. */
  equals(other: Secret): boolean {
    return constantTimeEqual(this.#owned(), other.#owned());
  }

  /** A second secret with its own copy of the bytes. */
  copy(): Secret {
    return new Secret(this.reveal());
  }

  /**
   * Returns the value as text.
   * @throws {TypeError} when the bytes are not valid UTF-8
   */
  revealText(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#owned());
  }

  /** Overwrites the bytes with zeros; using the secret afterwards is an error. */
  dispose(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }

  #owned(): Uint8Array {
    if (this.#bytes === undefined) throw new TypeError("the secret has been disposed of");
    return this.#bytes;
  }
}
