/**
 * The certificate that the server shows where it listens with TLS: one that it was given, or its own, which is kept
 * beside its state, so that a client has to be told once.
 */
import { fingerprintOf } from "../../core/certificate/pem.ts";
import { type CertificateRequest, isSelfSignedFor, makeSelfSigned } from "../../core/certificate/self_signed.ts";
import { Fault } from "../../core/fault.ts";
import { replaceFile, syncFolder } from "../../core/store/atomic_file.ts";
import { readGuarded } from "../../core/store/file_guard.ts";
import { readFileBytes } from "../input.ts";
import type { Certificate } from "./listener.ts";
import type { ServerLocation } from "./location.ts";

export interface ServerCertificate extends Certificate {
  /** Of the certificate, as clients are told. */
  readonly file: string;
  /** As `openssl x509 -fingerprint -sha256` writes it. */
  readonly sha256: string;
}

const MAX_PEM_BYTES = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Apple's clients take none that is valid for more than 825 days. */
const VALID_MS = 730 * DAY_MS;
/** Left at the start, or it is made anew: for so long the server can then run. */
const LEFT_MS = 180 * DAY_MS;
/** A client's clock may be slow. */
const SKEW_MS = 60 * 60 * 1000;

/** @throws {Fault} NOT_FOUND; CONFIG when there is no certificate in the file */
export function givenCertificate(file: string, keyFile: string): ServerCertificate {
  const [cert, key] = [file, keyFile].map((path) => decode(readFileBytes(path, MAX_PEM_BYTES))) as [string, string];
  const sha256 = fingerprintOf(cert);
  if (sha256) return { cert, key, file, sha256 };
  throw new Fault("CONFIG", `there is no certificate in ${file}`, { hint: "--tls-cert takes a PEM file" });
}

/**
 * The one that is kept, or a new one where that is not for these names, or does not last. No other server may be
 * starting in the same place.
 * @param names host names and addresses
 * @throws {Fault} DENIED when others can read the key
 */
export async function ownCertificate(
  location: ServerLocation,
  names: readonly string[],
  now: Date,
): Promise<ServerCertificate> {
  const { certificateFile: file, certificateKeyFile: keyFile, folder } = location;
  const request: CertificateRequest = {
    commonName: "Coffer",
    names,
    curve: "P-256",
    isAuthority: false,
    notBefore: new Date(now.getTime() - SKEW_MS),
    notAfter: new Date(now.getTime() + VALID_MS),
  };
  const kept = { certificate: read(file), privateKey: read(keyFile) };
  const isFit = await isSelfSignedFor(kept, request, now, new Date(now.getTime() + LEFT_MS));
  const { certificate: cert, privateKey: key } = isFit ? kept : await makeSelfSigned(request);
  if (!isFit) {
    for (const [path, text] of [[keyFile, key], [file, cert]] as const) {
      replaceFile(path, `${folder}/.new`, new TextEncoder().encode(text));
    }
    syncFolder(folder);
  }
  return { cert, key, file, sha256: fingerprintOf(cert)! };
}

function read(file: string): string {
  return decode(readGuarded(file, "private", MAX_PEM_BYTES) ?? new Uint8Array(0));
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
