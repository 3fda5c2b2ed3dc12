import { describe, expect, it } from 'vitest';
import type { User } from '../user.ts';
import { mergedUser, unmergedUser } from './merge-fields.ts';

const TIME = new Date(0);

function user(id: string, { contact, ...fields }: Partial<User>): User {
  return {
    ...{
      tenantId: 't',
      id,
      version: 1n,
      state: 'ACTIVE',
      role: 'CUSTOMER',
      createTime: TIME,
      updateTime: TIME,
    },
    ...{ firstName: '', lastName: '', displayName: '', profileImage: '', businessName: '', deleteTime: null },
    ...{ averageRating: 0, totalReviews: 0 },
    profile: {},
    tags: [],
    ...fields,
    contact: { email: '', phone: '', ...contact },
  };
}

const consent = (purpose: string, granted: boolean) => ({ purpose, granted });
const survivor = user('a', {
  firstName: 'Ada',
  tags: ['2024', 'vip'],
  averageRating: 4,
  totalReviews: 1,
  contact: { email: 'a@example.com', phone: '' },
  profile: {
    address: { lines: ['1 Street'] },
    crmFields: { owner: 'Kim' },
    consents: [consent('newsletter', false)],
    other: 'kept',
  },
});
const loser = user('b', {
  firstName: 'Augusta',
  lastName: 'King',
  role: 'VENDOR',
  tags: ['vip', '1999'],
  averageRating: 1,
  totalReviews: 2,
  contact: { email: 'b@example.com', phone: '555' },
  profile: {
    birthDate: '1815-12-10',
    address: { lines: ['2 Street'], locality: 'London' },
    crmFields: { owner: 'Pat', source: 'fair' },
    consents: [consent('newsletter', true), consent('sms', true)],
  },
});

describe('mergedUser', () => {
  it("keeps the survivor's values, and fills missing ones entry by entry", () => {
    expect(mergedUser(survivor, loser, [])).toMatchObject({
      ...{ id: 'a', firstName: 'Ada', lastName: 'King', role: 'CUSTOMER', tags: ['2024', 'vip', '1999'] },
      ...{ averageRating: 2, totalReviews: 3 },
      contact: { email: 'a@example.com', phone: '555' },
      profile: {
        birthDate: '1815-12-10',
        address: { lines: ['1 Street'] },
        crmFields: { owner: 'Kim', source: 'fair' },
        consents: [consent('newsletter', false), consent('sms', true)],
        other: 'kept',
      },
    });
    expect(mergedUser(survivor, loser, []).profile?.address).not.toHaveProperty('locality');
  });

  it("takes the loser's values that the plan names and that exist", () => {
    const taken = mergedUser(survivor, loser, ['role', 'business_name', 'profile']);
    expect(taken).toMatchObject({ role: 'VENDOR', tags: ['vip', '1999'], firstName: 'Ada' });
    expect(taken.profile).toEqual({ ...loser.profile, other: 'kept' });
    expect(mergedUser(loser, survivor, ['last_name', 'phone'])).toMatchObject({
      lastName: 'King',
      contact: { phone: '555' },
    });
  });

  it("keeps no more entries than a profile may have, the survivor's first", () => {
    const tags = (letter: string) => Array.from({ length: 70 }, (_, n) => `${letter}${n}`);
    const both = mergedUser(user('a', { tags: tags('a') }), user('b', { tags: tags('b') }), []);
    expect(both.tags).toEqual([...tags('a'), ...tags('b').slice(0, 30)]);
  });
});

describe('unmergedUser', () => {
  const result = mergedUser(survivor, loser, ['first_name']);

  it('restores the user', () => {
    const { statistics: _, ...restored } = unmergedUser(result, { before: survivor, result });
    expect(restored).toEqual({ ...survivor, contact: survivor.contact });
  });

  it('keeps later changes, entry by entry', () => {
    const current = {
      ...result,
      lastName: 'Byron',
      tags: ['vip', '1999', 'new'],
      profile: { ...result.profile, crmFields: { owner: 'Lee', source: 'fair' } },
    };
    const restored = unmergedUser(current, { before: survivor, result });
    expect(restored).toMatchObject({ firstName: 'Ada', lastName: 'Byron', tags: ['vip', 'new'] });
    expect(restored.profile?.crmFields).toEqual({ owner: 'Lee' });
  });
});
