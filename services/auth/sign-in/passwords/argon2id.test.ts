import { describe, expect, it } from 'vitest';
import { ASVS_PARAMETERS, hashArgon2id, isOutdated, verifyArgon2id } from './argon2id.ts';

const CHEAP = { memoryKib: 8, passes: 1, parallelism: 1 };

describe('hashArgon2id', () => {
  it('makes a PHC string with the parameters of ASVS 5 and another salt each time', () => {
    const [one, other] = [hashArgon2id('a password'), hashArgon2id('a password')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(other);
    expect(ASVS_PARAMETERS).toEqual({ memoryKib: 19_456, passes: 2, parallelism: 1 });
  });

  it('is verified by its password alone, in every form of Unicode', () => {
    const hash = hashArgon2id('caf\u00e9 au lait', CHEAP);
    expect(verifyArgon2id(hash, 'cafe\u0301 au lait')).toBe(true);
    expect(verifyArgon2id(hash, 'cafe au lait')).toBe(false);
    expect(verifyArgon2id(hash, '')).toBe(false);
  });
});

describe('verifyArgon2id', () => {
  it('accepts the hash of another implementation', () => {
    // Made by the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
    const known = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(verifyArgon2id(known, 'password')).toBe(true);
  });

  it.each([
    '',
    'pass-word',
    '$2b$10$abcdefghijklmnopqrstuv',
    '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ])('refuses %j, and does not repeat it', (stored) => {
    const verify = () => verifyArgon2id(stored, 'password');
    expect(verify).toThrow(/^A stored password/);
    if (stored) expect(verify).not.toThrow(stored);
  });
});

describe('isOutdated', () => {
  it('is true of other parameters', () => {
    expect(isOutdated(hashArgon2id('x', CHEAP))).toBe(true);
    expect(isOutdated(hashArgon2id('x', CHEAP), CHEAP)).toBe(false);
  });
});
