/** How a fault is answered: with its status, and in words that tell neither values nor where files are. */
import { Fault, type FaultCode } from "../../core/fault.ts";
import { Refusal } from "./refusal.ts";

const STATUS: Readonly<Record<FaultCode, number>> = {
  USAGE: 400,
  CONFIG: 500, // of the request's own making is only a policy, whose route says so: else a file is damaged
  NOT_FOUND: 404,
  DENIED: 403,
  LOCKED: 503,
  TAMPERED: 500,
  UNAVAILABLE: 503,
  CONFLICT: 409,
  UNSUPPORTED: 501,
  INTERNAL: 500,
};

/** Their own words have paths of this machine in them, which are none of a client's business. */
const WORDS: Partial<Record<FaultCode, string>> = {
  CONFIG: "a file of the stack is damaged: coffer verify says which",
  TAMPERED: "sealed data does not authenticate: coffer verify says which",
  DENIED: "the server may not read its own files: coffer doctor says why",
  UNAVAILABLE: "it cannot be done now: try again later",
  LOCKED: "Vault is sealed", // the words that Vault's command line looks for
  INTERNAL: "internal error",
};

export function statusOf(code: FaultCode): number {
  return STATUS[code];
}

export function faultText({ code, message }: Fault): string {
  return WORDS[code] ?? message;
}

/** What to answer when anything was thrown. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Fault) return new Refusal(statusOf(error.code), faultText(error));
  return new Refusal(500, WORDS.INTERNAL); // the cause may quote what it was given
}

/** The same for the audit log. */
export function outcomeOf(error: unknown): FaultCode {
  if (error instanceof Fault) return error.code;
  if (!(error instanceof Refusal)) return "INTERNAL";
  return error.status === 403 ? "DENIED" : error.status === 404 ? "NOT_FOUND" : "USAGE";
}
