/** Text around DER (RFC 7468). */
import { digestSha256 } from "../crypto/hkdf.ts";
import { decodeBase64, encodeBase64 } from "../seal/base64.ts";

const LINE = /.{1,64}/g;

/** @param label `CERTIFICATE`, `PRIVATE KEY` */
export function encodePem(label: string, der: Uint8Array): string {
  return [`-----BEGIN ${label}-----`, ...encodeBase64(der).match(LINE)!, `-----END ${label}-----`, ""].join("\n");
}

/** What the first block with that label holds; undefined when there is none. */
export function decodePem(label: string, text: string): Uint8Array<ArrayBuffer> | undefined {
  const block = new RegExp(`-----BEGIN ${label}-----\\s([^-]+)-----END ${label}-----`).exec(text)?.[1];
  return block === undefined ? undefined : decodeBase64(block.replace(/\s+/g, ""));
}

/** SHA-256 of the first certificate, as `openssl x509 -fingerprint -sha256` writes it; undefined when there is none. */
export function fingerprintOf(text: string): string | undefined {
  const der = decodePem("CERTIFICATE", text);
  return der && Array.from(digestSha256(der), (byte) => byte.toString(16).padStart(2, "0")).join(":").toUpperCase();
}
