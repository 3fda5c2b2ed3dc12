import { create, equals, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ProfileSchema, type User, UserRole, UserSchema, UserState } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { compactUser } from './compact-user.ts';

const FULL: User = create(UserSchema, {
  id: '0198c0de-0000-7000-8000-000000000001',
  tenantId: 'acme',
  version: 7n,
  state: UserState.DELETED,
  role: UserRole.VENDOR,
  firstName: 'Ann',
  lastName: 'Lee',
  displayName: 'Ann Lee',
  profileImage: 'https://images.example.com/1.jpg',
  businessName: 'Lee',
  averageRating: 4.5,
  totalReviews: 12,
  email: 'ann@example.com',
  phone: '+4930123456',
  etag: 'v7',
  createTime: timestampFromMs(1),
  updateTime: timestampFromMs(2),
  deleteTime: timestampFromMs(3),
  profile: { birthDate: '1990-01-01' },
});

describe('a compact user', () => {
  it('is the same message, field by field', () => {
    // A value in each field, so that a field that is left out shows.
    expect(UserSchema.members.filter((field) => !(FULL as never)[field.localName])).toEqual([]);
    expect(compactUser(FULL)).toStrictEqual(FULL);
    expect(equals(UserSchema, compactUser(FULL), FULL)).toBe(true);
    expect(toBinary(UserSchema, compactUser(FULL))).toEqual(toBinary(UserSchema, FULL));
  });

  it('has no field that the message has not', () => {
    const empty = create(UserSchema);
    expect(Object.keys(compactUser(empty)).sort()).toEqual(Object.keys(empty).sort());
  });

  it('keeps fields of a later contract', () => {
    // Field 1000, a varint.
    const bytes = Uint8Array.from([...toBinary(UserSchema, FULL), 0xc0, 0x3e, 0x05]);
    const later = fromBinary(UserSchema, bytes);
    expect(later.$unknown).toHaveLength(1);
    expect(toBinary(UserSchema, compactUser(later))).toEqual(bytes);
  });

  it('keeps nothing else of the answer that they came in', () => {
    const later = { $unknown: [{ no: 1_000, wireType: 2, data: Uint8Array.of(1, 65) }] };
    const createTime = { ...timestampFromMs(1), ...later };
    const profile = { ...create(ProfileSchema), ...later };
    const bytes = toBinary(UserSchema, { ...FULL, ...later, createTime, profile });
    const kept = compactUser(fromBinary(UserSchema, Buffer.from(bytes)));
    for (const part of [kept, kept.createTime, kept.profile])
      expect(part?.$unknown?.[0]?.data.buffer.byteLength).toBe(2);
    expect(toBinary(UserSchema, kept)).toEqual(bytes);
    expect(compactUser(kept)).toStrictEqual(kept);
  });

  it('is frozen', () => {
    expect(Object.isFrozen(compactUser(FULL))).toBe(true);
  });
});
