import { createHash, randomBytes } from 'node:crypto';

// OWASP ASVS 5 asks for 128 bits at least.
const TOKEN_BYTES = 32;

/** A token that nobody can guess: 43 characters of base64url. */
export function makeSecretToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of a token: its SHA-256, 32 bytes. A token of 256 random bits needs no salt and no slow hash. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
