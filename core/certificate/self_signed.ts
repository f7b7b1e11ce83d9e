/** Certificates that nobody else has signed: whoever is to trust one is given the certificate itself. */
import { constantTimeEqual, randomBytes } from "../crypto/bytes.ts";
import { decodePem, encodePem } from "./pem.ts";

/** ECDSA with the hash that is as strong (RFC 5758 §3.2). */
const CURVES = {
  "P-256": { hash: "SHA-256", algorithm: "1.2.840.10045.4.3.2" },
  "P-521": { hash: "SHA-512", algorithm: "1.2.840.10045.4.3.4" },
} as const;

/** 127 bits: RFC 5280 §4.1.2.2 wants it positive, and at most 20 bytes. */
const SERIAL_BYTES = 16;

const CERTIFICATE = "CERTIFICATE", PRIVATE_KEY = "PRIVATE KEY";

export interface CertificateRequest {
  readonly commonName: string;
  /** Host names, in ASCII, and addresses. */
  readonly names: readonly string[];
  readonly curve: keyof typeof CURVES;
  /**
   * Whether it may sign others. go-plugin's certificates say so of themselves. Deno's `fetch` and other clients of rustls
   * do not take such a one for a server's.
   */
  readonly isAuthority: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Both in PEM. */
export interface SelfSigned {
  readonly certificate: string;
  /** PKCS #8. */
  readonly privateKey: string;
}

/** Makes a key pair, and a certificate of its public key for a server or a client. */
export async function makeSelfSigned(request: CertificateRequest): Promise<SelfSigned> {
  const { encodeCertificate } = await import("./x509.ts");
  const { hash, algorithm } = CURVES[request.curve];
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: request.curve }, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
  const content = { ...request, publicKey, algorithm, serial: newSerial() };
  const certificate = await encodeCertificate(content, async (bytes) => {
    return new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash }, keys.privateKey, bytes));
  });
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  try {
    return { certificate: encodePem(CERTIFICATE, certificate), privateKey: encodePem(PRIVATE_KEY, privateKey) };
  } finally {
    privateKey.fill(0);
  }
}

/**
 * Whether they are a certificate and its key, for these names in this order, valid from before `now` until after `until`.
 * @param curve the one that it was made with
 */
export async function isSelfSignedFor(
  { certificate, privateKey }: SelfSigned,
  { names, curve }: Pick<CertificateRequest, "names" | "curve">,
  now: Date,
  until: Date,
): Promise<boolean> {
  const [der, key] = [decodePem(CERTIFICATE, certificate), decodePem(PRIVATE_KEY, privateKey)];
  if (!der || !key) return false;
  const { encodeNames, readCertificate } = await import("./x509.ts");
  try {
    const read = readCertificate(der);
    const isValid = read.notBefore <= now && read.notAfter >= until;
    const isForThem = read.names !== undefined && constantTimeEqual(read.names, encodeNames(names));
    return isValid && isForThem && await isPair(read.publicKey, key, curve);
  } catch {
    return false; // neither a certificate nor a key of that curve
  } finally {
    key.fill(0);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

async function isPair(publicKey: Bytes, privateKey: Bytes, curve: CertificateRequest["curve"]): Promise<boolean> {
  const [kind, signing] = [{ name: "ECDSA", namedCurve: curve }, { name: "ECDSA", hash: CURVES[curve].hash }];
  const [signer, verifier] = await Promise.all([
    crypto.subtle.importKey("pkcs8", privateKey, kind, false, ["sign"]),
    crypto.subtle.importKey("spki", publicKey, kind, false, ["verify"]),
  ]);
  const message = randomBytes(32);
  return await crypto.subtle.verify(signing, verifier, await crypto.subtle.sign(signing, signer, message), message);
}

function newSerial(): Bytes {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = serial[0]! & 0x3f | 0x40; // positive, and always as long
  return serial;
}
