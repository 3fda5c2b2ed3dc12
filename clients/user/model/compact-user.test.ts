import { readFile } from 'node:fs/promises';
import { create, equals, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ProfileSchema, type User, UserRole, UserSchema, UserState } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { compactUser, estimateBytes } from './compact-user.ts';

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
  it('equals the message, field by field', () => {
    // Every field has a value, so that the test notices one that is left out.
    expect(UserSchema.members.filter((field) => !(FULL as never)[field.localName])).toEqual([]);
    expect(compactUser(FULL)).toStrictEqual(FULL);
    expect(equals(UserSchema, compactUser(FULL), FULL)).toBe(true);
    expect(toBinary(UserSchema, compactUser(FULL))).toEqual(toBinary(UserSchema, FULL));
  });

  it('has no field that the message does not have', () => {
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

  it('keeps nothing else of its answer', () => {
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

describe('estimateBytes', () => {
  it('counts letters, times, and the profile with all that is in it', () => {
    const bare = estimateBytes(create(UserSchema, {}));
    expect(estimateBytes(create(UserSchema, { displayName: 'x'.repeat(100) })) - bare).toBe(100);
    expect(estimateBytes(create(UserSchema, { createTime: timestampFromMs(1) }))).toBeGreaterThan(bare);
    const tagged = (tags: string[]) => estimateBytes(create(UserSchema, { profile: { tags } }));
    expect(tagged(['x'.repeat(1_000)]) - tagged([''])).toBe(1_000);
    expect(tagged(Array(100).fill('tag')) - tagged([])).toBeGreaterThan(2_000);
  });

  it('counts as the README says', async () => {
    const user = estimateBytes(create(UserSchema, {}));
    const time = estimateBytes(create(UserSchema, { createTime: timestampFromMs(1) })) - user;
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`${user} for each user, ${time} for each of its times`);
  });

  it('counts fields of a later contract, wherever they stand', () => {
    const later = (length: number) => ({
      $unknown: [{ no: 1_000, wireType: 2, data: new Uint8Array(length) }],
    });
    const ofUser = (length: number) => estimateBytes({ ...create(UserSchema), ...later(length) });
    const inTime = (length: number) =>
      estimateBytes(create(UserSchema, { createTime: { ...timestampFromMs(1), ...later(length) } }));
    const inProfile = (length: number) =>
      estimateBytes(create(UserSchema, { profile: { ...create(ProfileSchema), ...later(length) } }));
    expect([ofUser, inTime, inProfile].map((bytes) => bytes(1_000) - bytes(0))).toEqual([
      1_000, 1_000, 1_000,
    ]);
    expect(ofUser(0)).toBeGreaterThan(estimateBytes(create(UserSchema)) + 200);
  });
});
