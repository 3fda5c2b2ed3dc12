import { describe, expect, it } from 'vitest';
import { emailKey, shownName, type UserReference } from './user.ts';

describe('shownName', () => {
  it.each([
    [{ displayName: 'The Countess', firstName: 'Ada' }, 'The Countess'],
    [{ firstName: 'Ada', lastName: 'Lovelace' }, 'Ada Lovelace'],
    [{ lastName: 'Lovelace', businessName: 'Engines' }, 'Lovelace'],
    [{ businessName: 'Engines' }, 'Engines'],
    [{}, ''],
  ])('shows the best name among %j', (names, shown) => {
    const nameless = { displayName: '', firstName: '', lastName: '', businessName: '' } as UserReference;
    expect(shownName({ ...nameless, ...names })).toBe(shown);
  });
});

describe('emailKey', () => {
  it('compares addresses without letter case and outer space, and handles none', () => {
    expect(emailKey(' Ada@Example.COM ')).toBe(emailKey('ada@example.com'));
    expect(emailKey('  ')).toBeNull();
    expect(emailKey('\u212Aate@example.com')).toBeNull();
    expect(emailKey('a\0b@example.com')).toBeNull();
  });
});
