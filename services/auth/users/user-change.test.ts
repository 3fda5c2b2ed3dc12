import { equals } from '@bufbuild/protobuf';
import { ProfileSchema, UserSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { toUserMessage } from '../rpc/user-message.ts';
import type { User, UserView } from './user.ts';
import {
  SHOWN_FIELDS,
  touchedBetween,
  touchedBy,
  type UserField,
  VIEWS,
  withFigures,
} from './user-change.ts';

const USER = {
  ...{ tenantId: 'acme', id: '019c0000-0000-7000-8000-000000000001', version: 1n },
  ...{ state: 'ACTIVE', role: 'CUSTOMER', firstName: 'Ada', lastName: 'Lovelace', displayName: '' },
  ...{
    profileImage: '',
    businessName: '',
    averageRating: 0,
    totalReviews: 0,
    createTime: new Date(1000),
    updateTime: new Date(1000),
  },
  deleteTime: null,
  contact: { email: 'ada@example.com', phone: '1' },
  profile: {},
  tags: [],
  statistics: undefined,
} as const satisfies User;

/** Another value for each field. */
const OTHERS: Readonly<Record<UserField, unknown>> = {
  ...{ tenantId: 'bolt', id: '019c0000-0000-7000-8000-000000000002', version: 2n },
  ...{ state: 'SUSPENDED', role: 'VENDOR', firstName: 'Grace', lastName: 'Hopper', displayName: 'G' },
  ...{ profileImage: 'https://a.example', businessName: 'Navy', createTime: new Date(2000) },
  ...{ updateTime: new Date(2000), deleteTime: new Date(2000), email: 'g@example.com', phone: '2' },
  ...{ averageRating: 4, totalReviews: 1, profile: { birthDate: '1906-12-09' }, tags: ['vip'] },
  statistics: {
    ...{ totalBookings: 1n, totalSpent: [], firstBookingTime: null },
    ...{ lastBookingTime: null, lastActivityTime: null },
  },
};

const FIELDS = Object.keys(SHOWN_FIELDS) as UserField[];

function withOther(field: UserField): User {
  const value = { [field]: OTHERS[field] };
  return field in USER.contact ? { ...USER, contact: { ...USER.contact, ...value } } : { ...USER, ...value };
}

/** The user as it is read in a view. */
function inView({ contact, profile, tags, statistics, ...reference }: User, view: UserView): User {
  if (view === 'REFERENCE') return reference;
  return { ...reference, ...(contact && { contact }), ...(view === 'FULL' && { profile, tags, statistics }) };
}

/** The message for a view, without the fields that every change changes. */
function sent(user: User, view: UserView) {
  return Object.assign(toUserMessage(inView(user, view)), { version: 0n, etag: '', updateTime: undefined });
}

describe('the table of the views that show each field', () => {
  it.each(FIELDS)('A4: is right about %s, as the message shows', (field) => {
    const other = withOther(field);
    const { content, figures } = touchedBetween(USER, other);
    const smallest = VIEWS.find((view) => !equals(UserSchema, sent(USER, view), sent(other, view))) ?? null;
    expect(content ?? figures).toBe(smallest);
    expect(figures !== null).toBe(['averageRating', 'totalReviews', 'statistics'].includes(field));
  });

  it('A4: has every field of the contract', () => {
    const kept = [...FIELDS, ...Object.keys({ ...OTHERS })];
    for (const { localName } of UserSchema.fields)
      if (localName !== 'etag') expect(kept, localName).toContain(localName);
    // The profile counts as one field, because all of it except statistics is in one view.
    const parts = ProfileSchema.fields.map(({ localName }) => localName);
    expect(parts).toEqual(expect.arrayContaining(['tags', 'statistics']));
    expect(SHOWN_FIELDS.tags).toEqual(SHOWN_FIELDS.profile);
  });

  it('A4: names the smallest of several views, separately for figures and content', () => {
    expect(touchedBy(['tags', 'email'])).toEqual({ content: 'BASIC', figures: null });
    expect(touchedBy(['statistics', 'averageRating', 'lastName'])).toEqual({
      content: 'REFERENCE',
      figures: 'REFERENCE',
    });
    expect(touchedBy(['version', 'updateTime'])).toEqual({ content: null, figures: null });
    expect(withFigures(touchedBy(['tags']))).toEqual({ content: 'FULL', figures: 'REFERENCE' });
  });

  it('A4: sees no change when only the order of a profile differs', () => {
    const one = { ...USER, profile: { address: { locality: 'A', lines: ['1'] }, birthDate: '1906-12-09' } };
    const other = { ...USER, profile: { birthDate: '1906-12-09', address: { lines: ['1'], locality: 'A' } } };
    expect(touchedBetween(one, other)).toEqual({ content: null, figures: null });
  });
});
