import { create } from '@bufbuild/protobuf';
import { UserRole, UserSchema, UserState } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { changesFromMask, changesFromNew, UPDATE_PATHS } from './user-changes.ts';

describe('changesFromNew', () => {
  it('takes all given fields except statistics, which services report', () => {
    const user = create(UserSchema, {
      firstName: ' Ada ',
      role: UserRole.VENDOR,
      version: 9n,
      profile: { tags: ['vip'], statistics: { totalBookings: 5n } },
    });
    expect(changesFromNew(user)).toMatchObject({
      firstName: 'Ada',
      email: '',
      role: 'VENDOR',
      tags: ['vip'],
    });
    expect(changesFromNew(user)).not.toHaveProperty('version');
    expect(changesFromNew(user).profile).not.toHaveProperty('statistics');
    expect(changesFromNew(user).profile).not.toHaveProperty('tags');
  });
});

describe('changesFromMask', () => {
  it('takes each writable path alone', () => {
    const user = create(UserSchema, { role: UserRole.ADMIN, state: UserState.ACTIVE, profile: {} });
    const keys = UPDATE_PATHS.map((path) => [path, Object.keys(changesFromMask(user, [path]))] as const);
    for (const [path, written] of keys) {
      // Tags are stored beside the profile.
      expect(written, path).toHaveLength(path === 'profile' ? 2 : 1);
    }
  });

  it('clears a part of the profile that is named and absent', () => {
    const user = create(UserSchema, { profile: { tags: ['new'] } });
    expect(changesFromMask(user, ['profile.tags', 'profile.address'])).toEqual({
      tags: ['new'],
      profile: { address: null },
    });
  });

  it('replaces the whole profile when the mask names it', () => {
    const { profile, tags } = changesFromMask(create(UserSchema, { profile: { birthDate: '1815-12-10' } }), [
      'profile',
    ]);
    expect(profile).toMatchObject({ birthDate: '1815-12-10', crmFields: null });
    expect(tags).toEqual([]);
  });

  it.each([
    ['role', 'user.role'],
    ['state', 'user.state'],
    ['id', 'update_mask'],
    ['profile.statistics', 'update_mask'],
    ['*', 'update_mask'],
  ])('refuses the path %s, which is empty or not writable', (path, field) => {
    expect(() => changesFromMask(create(UserSchema), [path])).toThrow(field);
  });
});
