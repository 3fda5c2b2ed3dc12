import { randomBytes } from 'node:crypto';

// Crockford's base 32 has no I, L, O or U: https://www.crockford.com/base32.html
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const LENGTH = 8;

/** A random reference that can be read out on the phone: "7K2M90XA", one of 32^8. Says nothing about how many there are. */
export function createReference(): string {
  return Array.from(randomBytes(LENGTH), (byte) => DIGITS[byte % DIGITS.length]).join('');
}
