/** Time that passes when it is told to. */
export class Clock {
  #time = Date.UTC(2026, 0, 1);

  readonly now = (): number => this.#time;

  /** @param seconds may be negative, as for a clock that is set back */
  pass(seconds: number): void {
    this.#time += seconds * 1000;
  }
}
