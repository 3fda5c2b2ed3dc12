import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserChangeKind, UserState, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** Tests DeleteUser, UndeleteUser and EraseUser, and reads after them. */
export function describeLifecycle(subject: () => ServiceSubject): void {
  describe('the life of a user', () => {
    it('deletes softly: reads still return the user, without its address', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id, email } = await seedUser({ admin }, tenantId);
      const { user } = await admin.deleteUser({ tenantId, id });
      expect(user).toMatchObject({ id, version: 2n, state: UserState.DELETED });
      expect(user?.deleteTime).toBeDefined();
      expect((await users.getUser({ tenantId, id })).user?.state).toBe(UserState.DELETED);
      const keys = [{ key: { case: 'email' as const, value: email } }];
      expect((await users.resolveUsers({ tenantId, keys })).outcomes[0]?.outcome.case).toBe('missing');
      expect((await admin.listUsers({ tenantId })).users).toEqual([]);
    });

    it('deletes once, and refuses changes of a deleted user', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      await admin.deleteUser({ tenantId, id });
      expect((await admin.deleteUser({ tenantId, id })).user?.version).toBe(2n);
      const change = { tenantId, user: { id, firstName: 'B' }, updateMask: { paths: ['first_name'] } };
      await expectRefusal(admin.updateUser(change), { code: 'FailedPrecondition', reason: 'USER_DELETED' });
    });

    it('undeletes a user with its state from before', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id, email } = await seedUser({ admin }, tenantId);
      await admin.updateUser({
        tenantId,
        user: { id, state: UserState.SUSPENDED },
        updateMask: { paths: ['state'] },
      });
      await admin.deleteUser({ tenantId, id });
      const { user } = await admin.undeleteUser({ tenantId, id });
      expect(user).toMatchObject({ version: 4n, state: UserState.SUSPENDED, email });
      expect(user?.deleteTime).toBeUndefined();
      expect((await admin.undeleteUser({ tenantId, id })).user?.version).toBe(4n);
    });

    it('does not undelete a user whose address another user has', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId, { email: 'ada@example.com' });
      await admin.deleteUser({ tenantId, id });
      await seedUser({ admin }, tenantId, { email: 'ADA@example.com' });
      const undeletion = admin.undeleteUser({ tenantId, id });
      await expectRefusal(undeletion, { code: 'AlreadyExists', reason: 'EMAIL_TAKEN' });
    });

    it('leaves only a permanent tombstone of an erased user, and frees its address', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id, email } = await seedUser({ admin }, tenantId, { profile: { birthDate: '1815-12-10' } });
      const { user } = await admin.eraseUser({ tenantId, id, reason: 'asked for' });
      expect(user).toMatchObject({
        ...{ id, version: 2n, state: UserState.DELETED },
        ...{ firstName: '', lastName: '', displayName: '', email: '', phone: '' },
      });
      expect(user?.profile).toMatchObject({ birthDate: '', tags: [] });
      expect((await users.getUser({ tenantId, id, view: UserView.FULL })).user).toEqual(user);
      expect((await admin.eraseUser({ tenantId, id })).user?.version).toBe(2n);
      const refusal = { code: 'FailedPrecondition', reason: 'USER_DELETED' } as const;
      await expectRefusal(admin.undeleteUser({ tenantId, id }), refusal);
      await seedUser({ admin }, tenantId, { email });
    });

    it('recognises a repeat of the request that created an erased user', async () => {
      const { admin } = subject();
      const request = { tenantId: freshTenant(), requestId: randomUUID(), user: { firstName: 'Ada' } };
      const id = (await admin.createUser(request)).user?.id ?? '';
      await admin.eraseUser({ tenantId: request.tenantId, id });
      expect((await admin.createUser(request)).user).toMatchObject({ id, state: UserState.DELETED });
    });

    it('applies each request id once', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const [deletion, undeletion] = [randomUUID(), randomUUID()];
      await admin.deleteUser({ tenantId, id, requestId: deletion });
      await admin.undeleteUser({ tenantId, id, requestId: undeletion });
      const { user } = await admin.deleteUser({ tenantId, id: id.toUpperCase(), requestId: deletion });
      expect(user).toMatchObject({ version: 3n, state: UserState.ACTIVE });
      const other = admin.eraseUser({ tenantId, id, requestId: deletion });
      await expectRefusal(other, { code: 'InvalidArgument', reason: 'REQUEST_ID_REUSED' });
    });

    it('checks the etag, and finds no user of another tenant', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id, etag } = await seedUser({ admin }, tenantId);
      const change = { tenantId, user: { id, firstName: 'B' }, updateMask: { paths: ['first_name'] } };
      await admin.updateUser(change);
      const stale = admin.deleteUser({ tenantId, id, etag });
      await expectRefusal(stale, { code: 'Aborted', reason: 'ETAG_MISMATCH' });
      const elsewhere = { tenantId: freshTenant(), id };
      for (const call of [admin.deleteUser, admin.undeleteUser, admin.eraseUser]) {
        await expectRefusal(call(elsewhere), { code: 'NotFound', reason: 'USER_NOT_FOUND' });
      }
    });

    it('sends each step to watchers in order of version', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const ended = new AbortController();
      const kinds: UserChangeKind[] = [];
      const begun = Promise.withResolvers<void>();
      const watch = async () => {
        for await (const { changes } of users.watchUsers(
          { tenantIds: [tenantId] },
          { signal: ended.signal },
        )) {
          kinds.push(...changes.map(({ kind }) => kind));
          begun.resolve();
        }
      };
      const watching = watch().catch(() => {
        // Ends the stream.
      });
      await begun.promise;
      const { id } = await seedUser({ admin }, tenantId);
      await admin.deleteUser({ tenantId, id });
      await admin.undeleteUser({ tenantId, id });
      await admin.modifyTags({ tenantId, id, add: ['new'] });
      await admin.eraseUser({ tenantId, id });
      await expect
        .poll(() => kinds)
        .toEqual([
          UserChangeKind.CREATED,
          UserChangeKind.DELETED,
          UserChangeKind.UNDELETED,
          UserChangeKind.UPDATED,
          UserChangeKind.ERASED,
        ]);
      ended.abort();
      await watching;
    });
  });
}
