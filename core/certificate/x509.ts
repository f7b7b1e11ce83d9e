/**
 * X.509 certificates (RFC 5280), as far as `self_signed.ts` makes and reads them: the packages that know the format, put
 * together. It imports nothing else, because the bundle keeps it as a text until it is first needed.
 */
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { Integer, Sequence } from "asn1js";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Content {
  readonly commonName: string;
  readonly names: readonly string[];
  readonly isAuthority: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serial: Bytes;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Bytes;
  /** Object identifier. */
  readonly algorithm: string;
}

export interface ReadCertificate {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Bytes;
  /** As `encodeNames` writes them; undefined when it has none. */
  readonly names: Bytes | undefined;
}

/** @param sign returns both numbers of an ECDSA signature, one after the other, as Web Crypto does */
export async function encodeCertificate(content: Content, sign: (bytes: Bytes) => Promise<Bytes>): Promise<Bytes> {
  const name = nameOf(content.commonName);
  const algorithm = new AlgorithmIdentifier({ algorithm: content.algorithm });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: content.serial.buffer,
    signature: algorithm,
    issuer: name,
    validity: new Validity({ notBefore: content.notBefore, notAfter: content.notAfter }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(content.publicKey, SubjectPublicKeyInfo),
    extensions: extensionsOf(content),
  });
  const signatureValue = derOfSignature(await sign(der(tbsCertificate)));
  return der(new Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue }));
}

/** @throws when it is no certificate */
export function readCertificate(bytes: Bytes): ReadCertificate {
  const { tbsCertificate: { validity, subjectPublicKeyInfo, extensions } } = AsnConvert.parse(bytes, Certificate);
  const names = extensions?.find(({ extnID }) => extnID === id_ce_subjectAltName);
  return {
    notBefore: validity.notBefore.getTime(),
    notAfter: validity.notAfter.getTime(),
    publicKey: der(subjectPublicKeyInfo),
    names: names && new Uint8Array(names.extnValue.buffer),
  };
}

export function encodeNames(names: readonly string[]): Bytes {
  const isAddress = (name: string) => name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
  return der(
    new SubjectAlternativeName(
      names.map((name) => new GeneralName(isAddress(name) ? { iPAddress: name } : { dNSName: name })),
    ),
  );
}

function extensionsOf({ names, isAuthority }: Content): Extensions {
  const usage = KeyUsageFlags.digitalSignature | (isAuthority ? KeyUsageFlags.keyCertSign : 0);
  // RFC 5280 §4.2.1.9: a certificate without cA has an empty sequence there.
  const constraints = new BasicConstraints(isAuthority ? { cA: true } : {});
  return new Extensions([
    extension(id_ce_basicConstraints, der(constraints), true),
    extension(id_ce_keyUsage, der(new KeyUsage(usage)), true),
    extension(id_ce_extKeyUsage, der(new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth]))),
    extension(id_ce_subjectAltName, encodeNames(names)),
  ]);
}

function extension(extnID: string, value: Bytes, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(value) });
}

function nameOf(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: "2.5.4.3", value })])]);
}

/** RFC 3279 §2.2.3: a sequence of the two numbers. */
function derOfSignature(signature: Bytes): ArrayBuffer {
  const half = signature.length / 2;
  const numbers = [signature.subarray(0, half), signature.subarray(half)].map((bytes) =>
    Integer.fromBigInt(bytes.reduce((number, byte) => number << 8n | BigInt(byte), 0n))
  );
  return new Sequence({ value: numbers }).toBER();
}

function der(value: unknown): Bytes {
  return new Uint8Array(AsnConvert.serialize(value));
}
