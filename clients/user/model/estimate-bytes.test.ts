import { readFile } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ProfileSchema, UserSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { estimateBytes } from './estimate-bytes.ts';

describe('estimateBytes', () => {
  it('counts letters, times, and the profile with all that is in it', () => {
    const bare = estimateBytes(create(UserSchema, {}));
    expect(estimateBytes(create(UserSchema, { displayName: 'x'.repeat(100) })) - bare).toBe(100);
    expect(estimateBytes(create(UserSchema, { createTime: timestampFromMs(1) }))).toBeGreaterThan(bare);
    const tagged = (tags: string[]) => estimateBytes(create(UserSchema, { profile: { tags } }));
    expect(tagged(['x'.repeat(1_000)]) - tagged([''])).toBe(1_000);
    expect(tagged(Array(100).fill('tag')) - tagged([])).toBeGreaterThan(2_000);
  });

  it('counts what the README says', async () => {
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
