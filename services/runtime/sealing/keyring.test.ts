import { describe, expect, it } from 'vitest';
import { Secret } from '../config/secret.ts';
import { makeKey } from './key-list.ts';
import { createKeyring } from './keyring.ts';

const [OLD, NEW, OLD_INDEX, NEW_INDEX] = ['old', 'new', 'i-old', 'i-new'].map(makeKey) as [
  string,
  string,
  string,
  string,
];

const keyring = (encryptionKeys = OLD, indexKeys = OLD_INDEX) =>
  createKeyring({ encryptionKeys: new Secret(encryptionKeys), indexKeys: new Secret(indexKeys) });

const PLACE = { tenantId: 'acme', table: 'users', column: 'email_sealed', rowId: 'u1' };
const TEXT = 'Ada.Lovelace+ключ@example.com';

describe('sealing', () => {
  it.each(['', 'a', TEXT, 'x'.repeat(10_000)])('opens what it sealed, and does not show it', (text) => {
    const sealed = keyring().seal(text, PLACE);
    expect(keyring().open(sealed, PLACE)).toBe(text);
    if (text.length > 1) expect(sealed.includes(text)).toBe(false);
  });

  it('never produces one sealed value twice', () => {
    const ring = keyring();
    // More than the nonces that are drawn at once.
    const seals = Array.from({ length: 1000 }, () => ring.seal(TEXT, PLACE).toString('hex'));
    expect(new Set(seals).size).toBe(1000);
  });

  it('refuses a value of which any one bit was changed', () => {
    const ring = keyring();
    const sealed = ring.seal('ada@example.com', PLACE);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const spoiled = Buffer.from(sealed);
      spoiled[bit >> 3] = (spoiled[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => ring.open(spoiled, PLACE), `bit ${bit}`).toThrow(
        expect.objectContaining({ name: 'SealingError' }),
      );
    }
  });

  it.each([0, 1, 2, 10, 32])('refuses a value cut to %s bytes', (length) => {
    const cut = keyring().seal('', PLACE).subarray(0, length);
    expect(() => keyring().open(cut, PLACE)).toThrow(expect.objectContaining({ reason: 'MALFORMED' }));
  });

  it.each([
    ['tenant', { ...PLACE, tenantId: 'globex' }],
    ['table', { ...PLACE, table: 'vendors' }],
    ['column', { ...PLACE, column: 'phone_sealed' }],
    ['row', { ...PLACE, rowId: 'u2' }],
  ])('refuses a value that was put into another %s', (_, place) => {
    const ring = keyring();
    expect(() => ring.open(ring.seal(TEXT, PLACE), place)).toThrow(
      expect.objectContaining({ reason: 'TAMPERED', keyId: 'old' }),
    );
  });

  it('refuses a value whose key it has under another name, or another key under that name', () => {
    const sealed = keyring().seal(TEXT, PLACE);
    expect(() => keyring(OLD.replace('old:', 'older:')).open(sealed, PLACE)).toThrow(/key "old"/);
    expect(() => keyring(NEW.replace('new:', 'old:')).open(sealed, PLACE)).toThrow(
      expect.objectContaining({ reason: 'TAMPERED' }),
    );
  });

  it('names the missing key, and neither value nor key', () => {
    const sealed = keyring().seal(TEXT, PLACE);
    const error = (() => {
      try {
        return keyring(NEW).open(sealed, PLACE);
      } catch (reason) {
        return reason as Error;
      }
    })();
    expect(error).toMatchObject({ reason: 'KEY_UNKNOWN', keyId: 'old' });
    expect(JSON.stringify([error, String(error)])).not.toContain('Ada');
  });

  it('seals with the first key and opens with all', () => {
    const both = keyring(`${NEW},${OLD}`);
    const [before, after] = [keyring().seal(TEXT, PLACE), both.seal(TEXT, PLACE)];
    expect(both.open(before, PLACE)).toBe(TEXT);
    expect([before, after].map(both.isCurrent)).toEqual([false, true]);
    expect(keyring(NEW).open(after, PLACE)).toBe(TEXT);
    expect([keyring(), both].map(({ isRotating }) => isRotating)).toEqual([false, true]);
  });
});

describe('blind indexes', () => {
  it('are equal for the same text in the same place, complete, and reveal nothing without the key', () => {
    const one = keyring().blindIndex(TEXT, PLACE);
    expect(one).toHaveLength(32);
    expect(keyring(NEW).blindIndex(TEXT, PLACE)).toEqual(one);
    expect(keyring(OLD, NEW_INDEX).blindIndex(TEXT, PLACE)).not.toEqual(one);
  });

  it.each([
    [{ ...PLACE, tenantId: 'globex' }],
    [{ ...PLACE, table: 'vendors' }],
    [{ ...PLACE, column: 'phone_key' }],
    [{ tenantId: 'acme', table: 'users","email', column: 'sealed' }],
  ])('differ in another place', (place) => {
    expect(keyring().blindIndex(TEXT, place)).not.toEqual(keyring().blindIndex(TEXT, PLACE));
  });

  it('are computed under every key, the first one first', () => {
    const both = keyring(OLD, `${NEW_INDEX},${OLD_INDEX}`);
    expect(both.blindIndexes(TEXT, PLACE)).toEqual([
      keyring(OLD, NEW_INDEX).blindIndex(TEXT, PLACE),
      keyring().blindIndex(TEXT, PLACE),
    ]);
    expect(both.blindIndex(TEXT, PLACE)).toEqual(both.blindIndexes(TEXT, PLACE)[0]);
    expect([both.hasOldIndexKeys, keyring().hasOldIndexKeys]).toEqual([true, false]);
  });
});
