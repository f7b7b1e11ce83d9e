/** A call that was not answered as it should be. */
export class CallFailure extends Error {
  /** gRPC's. */
  readonly code: number;

  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}
