/** The certificates of AutoMTLS: made for one process, and forgotten with it. */
import type { CertificateRequest } from "../certificate/self_signed.ts";

/** The name that go-plugin's hosts and plugins expect each other to have. */
export const SERVER_NAME = "localhost";

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

/** As go-plugin's own, but on a curve that is quicker: each is its own authority. */
export function pluginCertificate(now: Date): CertificateRequest {
  return {
    commonName: SERVER_NAME,
    names: [SERVER_NAME],
    curve: "P-256",
    isAuthority: true,
    notBefore: new Date(now.getTime() - MINUTE_MS),
    notAfter: new Date(now.getTime() + 10 * YEAR_MS), // a host may run for long
  };
}
