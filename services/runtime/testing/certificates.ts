import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, as PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Terms of a certificate. */
export interface CertificateTerms {
  /** URIs: a SPIFFE id. @defaultValue none */
  readonly uris?: readonly string[];
  /** DNS names. @defaultValue none */
  readonly names?: readonly string[];
  /** Time of expiry. Milliseconds since 1970. @defaultValue in a day */
  readonly notAfterMs?: number;
}

/** A certificate authority for tests. */
export interface TestAuthority {
  /** The authority's own certificate, as PEM. */
  readonly certificate: string;
  /** Makes a certificate for a client or a server. */
  issue(terms: CertificateTerms): TestCertificate;
}

const DAY_MS = 86_400_000;
// An hour ago, so that a slow clock accepts it.
const BEGAN_MS = 3_600_000;

/** Creates an authority with an Ed25519 key: https://www.rfc-editor.org/rfc/rfc5280#section-4 */
export function createTestAuthority(commonName = 'Test Authority'): TestAuthority {
  const own = generateKeyPairSync('ed25519');
  const issuer = { commonName, key: own.privateKey };
  const ca = [extension(OID.basicConstraints, sequence(bool(true)), true), keyUsage(0x06)];
  return {
    certificate: toPem(toCertificate(issuer, { subject: commonName, key: own.publicKey, extensions: ca })),
    issue({ uris = [], names = [], notAfterMs }) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const entries = [...uris.map((uri) => tagged(0x86, uri)), ...names.map((name) => tagged(0x82, name))];
      const extensions = [keyUsage(0x80), extension(OID.subjectAltName, sequence(...entries), false)];
      const subject = { subject: 'Test', key: publicKey, extensions, ...(notAfterMs && { notAfterMs }) };
      return {
        certificate: toPem(toCertificate(issuer, subject)),
        key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      };
    },
  };
}

// In DER, with tag and length of the object identifier.
const OID = {
  ed25519: '06032b6570',
  commonName: '0603550403',
  basicConstraints: '0603551d13',
  keyUsage: '0603551d0f',
  subjectAltName: '0603551d11',
} as const;

interface Issuer {
  readonly commonName: string;
  readonly key: KeyObject;
}

interface Subject {
  readonly subject: string;
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly notAfterMs?: number;
}

function toCertificate(issuer: Issuer, { subject, key, extensions, notAfterMs }: Subject): Buffer {
  const algorithm = sequence(hex(OID.ed25519));
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    toName(issuer.commonName),
    sequence(time(Math.min(now - BEGAN_MS, notAfterMs ?? now)), time(notAfterMs ?? now + DAY_MS)),
    toName(subject),
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign(null, body, issuer.key);
  return sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function toName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(hex(OID.commonName), tagged(0x0c, commonName))));
}

function keyUsage(bits: number): Buffer {
  // Number of unused bits, then the bits.
  return extension(OID.keyUsage, der(0x03, Buffer.from([bits === 0x80 ? 7 : 1, bits])), true);
}

function extension(oid: string, value: Buffer, isCritical: boolean): Buffer {
  return sequence(hex(oid), ...(isCritical ? [bool(true)] : []), der(0x04, value));
}

function time(ms: number): Buffer {
  return tagged(0x18, `${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`);
}

function bool(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

function tagged(tag: number, text: string): Buffer {
  return der(tag, Buffer.from(text));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
