import { createHash, randomBytes } from 'node:crypto';

// OWASP ASVS 5 asks for at least 128 bits.
const TOKEN_BYTES = 32;

/** Makes a random token: 43 characters of base64url. */
export function makeSecretToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The stored form of a token: its SHA-256, 32 bytes. 256 random bits need no salt and no slow hash. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
