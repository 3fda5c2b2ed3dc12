import { describe, expect, it } from 'vitest';
import { isCommonPassword, requireGoodPassword } from './password-rules.ts';

describe('isCommonPassword', () => {
  it.each([
    'password',
    'Password1',
    'PASSWORD123!',
    '12345678',
    '87654321',
    'aaaaaaaa',
    'abcabcabc',
    'hgfedcba',
    'qwertyuiop',
    'iloveyou',
    '1q2w3e4r',
    'ｐａｓｓｗｏｒｄ',
  ])('is true of %s', (password) => {
    expect(isCommonPassword(password)).toBe(true);
  });

  it.each([
    'correct horse',
    'tr0ub4dor&3',
    'ñandú y mate',
    '😀😃😄😁😆😅😂🤣x',
    '83910274',
    'passwordless office plant',
  ])('is false of %s', (password) => {
    expect(isCommonPassword(password)).toBe(false);
  });
});

describe('passwords: a password with letters beyond ASCII', () => {
  it.each([
    'зелёныйdragonулетел',
    'ñandúpassword',
    'monkeyとさる',
    'पासpassword',
    'ドラゴンdragon',
    'passwordé',
    'öpassword1',
  ])('passwords: is not called common for a word within it: %s', (password) => {
    expect(isCommonPassword(password)).toBe(false);
  });

  it.each([
    '«Password»',
    '🐉dragon🐉',
    'password١٢٣',
    'p\u200bassword',
    '\u2060letmein1\u00ad',
    'ＰＡＳＳＷＯＲＤ１',
    'paſſword',
    'абвгдежз',
    'зззззззз',
    '\u200b'.repeat(8),
  ])(
    'passwords: is called common when only marks, digits, width or invisible characters differ: %j',
    (password) => {
      expect(isCommonPassword(password)).toBe(true);
    },
  );
});

describe('requireGoodPassword', () => {
  it("refuses the user's own address, whole or its first part", () => {
    for (const password of ['Ada.Lovelace@example.com', 'ada.lovelace']) {
      expect(() => requireGoodPassword(password, 'ada.lovelace@example.com')).toThrow(/among the first/);
    }
    expect(() => requireGoodPassword('lovelace loves looms', 'ada.lovelace@example.com')).not.toThrow();
    expect(() => requireGoodPassword('lovelace loves looms', '')).not.toThrow();
  });
});
