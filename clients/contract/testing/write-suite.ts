import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserRole, UserState, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** Tests CreateUser and UpdateUser, and BatchGetUsers and ResolveUsers after them. */
export function describeWrites(subject: () => ServiceSubject): void {
  describe('writing users', () => {
    it('creates a user at version 1 with a chosen id and no other field', async () => {
      const { admin } = subject();
      const userId = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
      const { user } = await admin.createUser({
        tenantId: freshTenant(),
        userId,
        user: { businessName: 'Kennel & Co' },
      });
      expect(user).toMatchObject({
        id: userId,
        version: 1n,
        displayName: 'Kennel & Co',
        role: UserRole.CUSTOMER,
        email: '',
      });
      expect(user?.etag).not.toBe('');
    });

    it('invisible: stores a blank name as empty, and every other as given', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const read = async (id: string) => (await users.getUser({ tenantId, id, view: UserView.FULL })).user;
      for (const nothing of ['\u200b', ' \u2060 ', '\u3164', '\u2800', '\u00ad\u200d']) {
        const named = await seedUser({ admin }, tenantId, { displayName: nothing, businessName: nothing });
        expect(await read(named.id)).toMatchObject({ displayName: 'Ada Lovelace', businessName: '' });
        const names = { firstName: nothing, lastName: nothing, displayName: nothing };
        const other = await seedUser({ admin }, tenantId, { ...names, businessName: 'Ada & Co' });
        expect(await read(other.id)).toMatchObject({ firstName: '', lastName: '', displayName: 'Ada & Co' });
      }
      const spelled = { firstName: 'علی\u200cرضا', lastName: 'WEIẞ', displayName: 'Jo\u200bhanna Kaʻaʻawa' };
      const { id } = await seedUser({ admin }, tenantId, spelled);
      expect(await read(id)).toMatchObject(spelled);
      await admin.updateUser({
        tenantId,
        user: { id, displayName: '\u200b', firstName: '\u200b' },
        updateMask: { paths: ['display_name', 'first_name'] },
      });
      expect(await read(id)).toMatchObject({ firstName: '', displayName: 'WEIẞ' });
    });

    it('refuses an id that the tenant already has', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      await expectRefusal(admin.createUser({ tenantId, userId: id, user: {} }), {
        code: 'AlreadyExists',
        reason: 'USER_ID_TAKEN',
      });
    });

    it('refuses an address of the tenant in another letter case', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      await seedUser({ admin }, tenantId, { email: 'Ada@Example.com' });
      const again = { user: { email: 'aDA@example.COM' } };
      await expectRefusal(admin.createUser({ tenantId, ...again }), {
        code: 'AlreadyExists',
        reason: 'EMAIL_TAKEN',
      });
      await expect(admin.createUser({ tenantId: freshTenant(), ...again })).resolves.toBeDefined();
    });

    it('creates one user per request id, also for concurrent requests', async () => {
      const { admin } = subject();
      const request = { tenantId: freshTenant(), requestId: randomUUID(), user: { firstName: 'Once' } };
      const answers = await Promise.all(Array.from({ length: 8 }, () => admin.createUser(request)));
      expect(new Set(answers.map(({ user }) => user?.id)).size).toBe(1);
      const { users } = await admin.listUsers({ tenantId: request.tenantId });
      expect(users).toHaveLength(1);
      const other = { ...request, user: { firstName: 'Other' } };
      await expectRefusal(admin.createUser(other), { code: 'InvalidArgument', reason: 'REQUEST_ID_REUSED' });
    });

    it('changes only the fields of the mask, and increments the version', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id, email } = await seedUser({ admin }, tenantId);
      const { user } = await admin.updateUser({
        tenantId,
        user: {
          id,
          firstName: 'Augusta',
          lastName: 'ignored',
          profile: { birthDate: '1815-12-10', tags: ['ignored'] },
        },
        updateMask: { paths: ['first_name', 'phone', 'profile.birth_date'] },
      });
      expect(user).toMatchObject({
        version: 2n,
        firstName: 'Augusta',
        lastName: 'Lovelace',
        phone: '',
        email,
      });
      expect(user?.profile).toMatchObject({ birthDate: '1815-12-10', tags: ['vip'] });
    });

    it('does not increment the version when nothing differs', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const same = { id, firstName: 'Ada', profile: { tags: ['vip'] } };
      const { user } = await admin.updateUser({
        tenantId,
        user: same,
        updateMask: { paths: ['first_name', 'profile'] },
      });
      expect(user?.version).toBe(1n);
    });

    it('accepts exactly one of several writes with one etag', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id, etag } = await seedUser({ admin }, tenantId);
      const write = (firstName: string) =>
        admin.updateUser({ tenantId, user: { id, etag, firstName }, updateMask: { paths: ['first_name'] } });
      const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map(write));
      const refused = results.filter((each) => each.status === 'rejected');
      expect(refused).toHaveLength(3);
      for (const { reason } of refused) {
        await expectRefusal(Promise.reject(reason), { code: 'Aborted', reason: 'ETAG_MISMATCH' });
      }
    });

    it('ignores fields that the mask does not name', async () => {
      const { admin } = subject();
      const tenant = freshTenant();
      const user = await seedUser({ admin }, tenant, { profile: { address: { locality: 'Oslo' } } });
      const change = (paths: string[]) =>
        admin.updateUser({
          tenantId: tenant,
          user: {
            id: user.id,
            firstName: 'Changed',
            phone: '((((',
            email: 'ada@localhost',
            profile: { birthDate: '9999-99-99', tags: ['new'] },
          },
          updateMask: { paths },
        });
      expect((await change(['first_name', 'profile.tags'])).user).toMatchObject({
        firstName: 'Changed',
        lastName: user.lastName,
        phone: user.phone,
        profile: { tags: ['new'], address: { locality: 'Oslo' }, birthDate: '' },
      });
      for (const path of ['phone', 'email', 'profile', 'profile.birth_date'])
        await expectRefusal(change(['first_name', path]), {
          code: 'InvalidArgument',
          reason: 'FIELD_INVALID',
        });
    });

    it('applies each of many concurrent updates', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const write = (_: unknown, i: number) =>
        admin.updateUser({
          tenantId,
          user: { id, firstName: `n${i}` },
          updateMask: { paths: ['first_name'] },
        });
      const answers = await Promise.all(Array.from({ length: 20 }, write));
      const versions = answers.map(({ user }) => Number(user?.version)).sort((a, b) => a - b);
      expect(versions).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
    });

    it('applies an update once per request id', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id, etag } = await seedUser({ admin }, tenantId);
      const request = {
        tenantId,
        requestId: randomUUID(),
        user: { id, etag, firstName: 'B' },
        updateMask: { paths: ['first_name'] },
      };
      await admin.updateUser(request);
      const { user } = await admin.updateUser(request);
      expect(user).toMatchObject({ firstName: 'B', version: 2n });
    });

    it('recognises a repeat whose ids have another letter case', async () => {
      const { admin } = subject();
      const request = { tenantId: freshTenant(), requestId: randomUUID(), user: { firstName: 'Once' } };
      const first = await admin.createUser(request);
      const again = await admin.createUser({ ...request, requestId: request.requestId.toUpperCase() });
      expect(again.user?.id).toBe(first.user?.id);
    });

    it('finds no user by an address that only looks like one of a user', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      await seedUser({ admin }, tenantId, { email: 'kate@example.com' });
      const keys = [{ key: { case: 'email' as const, value: '\u212Aate@example.com' } }];
      const { outcomes } = await users.resolveUsers({ tenantId, keys });
      expect(outcomes.map(({ outcome }) => outcome.case)).toEqual(['missing']);
    });

    it('suspends and reinstates a user', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      await admin.updateUser({
        tenantId,
        user: { id, state: UserState.SUSPENDED },
        updateMask: { paths: ['state'] },
      });
      expect((await users.getUser({ tenantId, id })).user?.state).toBe(UserState.SUSPENDED);
      await admin.updateUser({
        tenantId,
        user: { id, state: UserState.ACTIVE },
        updateMask: { paths: ['state'] },
      });
      expect((await users.getUser({ tenantId, id })).user?.state).toBe(UserState.ACTIVE);
    });

    it('returns unchanged for a known version until it changes', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const ask = async () =>
        (await users.batchGetUsers({ tenantId, ids: [id], knownVersions: { [id]: 1n } })).outcomes[0]
          ?.outcome;
      expect(await ask()).toMatchObject({ case: 'unchanged', value: { version: 1n } });
      await admin.updateUser({
        tenantId,
        user: { id, firstName: 'B' },
        updateMask: { paths: ['first_name'] },
      });
      expect(await ask()).toMatchObject({ case: 'user', value: { version: 2n, firstName: 'B' } });
    });

    it('finds users by address in any letter case, in order, and reports unknown addresses', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId, { email: 'Grace@Example.com' });
      const keys = ['nobody@example.com', ' gRACE@example.com '].map((value) => ({
        key: { case: 'email' as const, value },
      }));
      const { outcomes } = await users.resolveUsers({ tenantId, keys, view: UserView.BASIC });
      expect(outcomes.map(({ outcome }) => outcome.case)).toEqual(['missing', 'user']);
      expect(outcomes[1]?.outcome).toMatchObject({ value: { id, email: 'Grace@Example.com' } });
    });
  });
}
