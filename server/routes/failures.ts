/** Several failures of one request, all of which are listed. */
import { Fault, type FaultCode } from "../../core/fault.ts";
import { faultText, statusOf } from "../http/fault_answer.ts";
import { Refusal } from "../http/refusal.ts";

/** The one that decides the status comes first. */
const WORST_FIRST: readonly FaultCode[] = ["DENIED", "USAGE", "UNAVAILABLE", "UNSUPPORTED", "CONFLICT", "NOT_FOUND"];

interface Failure {
  readonly index: number;
  readonly code: FaultCode;
  readonly message: string;
}

export class Failures {
  readonly #failures = new Map<number, Failure>();

  add(index: number, code: FaultCode, message: string): void {
    if (!this.#failures.has(index)) this.#failures.set(index, { index, code, message });
  }

  /** @throws `error`, when it is not about one of several things but a bug */
  addFault(index: number, error: unknown): void {
    if (!(error instanceof Fault)) throw error;
    this.add(index, error.code, faultText(error));
  }

  has(index: number): boolean {
    return this.#failures.has(index);
  }

  get isEmpty(): boolean {
    return this.#failures.size === 0;
  }

  includes(code: FaultCode): boolean {
    return [...this.#failures.values()].some((failure) => failure.code === code);
  }

  /** `errors` for people and `data.failures` for programs, in order. */
  refusal(list: string): Refusal {
    const failures = [...this.#failures.values()].sort((a, b) => a.index - b.index);
    const worst = WORST_FIRST.find((code) => this.includes(code)) ?? failures[0]!.code;
    const errors = failures.map(({ index, code, message }) => `${list}[${index}]: ${code}: ${message}`);
    return new Refusal(statusOf(worst), errors, { data: { failures } });
  }
}
