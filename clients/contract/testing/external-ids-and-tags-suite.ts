import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserState, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

const legacy = (externalId: string) => ({ source: 'legacy-booking', externalId });
const keyOf = (externalId: string, source = 'legacy-booking') => ({
  key: { case: 'externalId' as const, value: { source, externalId } },
});

/** Tests LinkExternalId, UnlinkExternalId, ListExternalIds, ResolveUsers by external id, and ModifyTags. */
export function describeExternalIdsAndTags(subject: () => ServiceSubject): void {
  describe('external ids', () => {
    it('resolve to the user, in order and among addresses, only in the tenant', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id, email } = await seedUser({ admin }, tenantId);
      const { user } = await admin.linkExternalId({ tenantId, id, externalId: legacy('42') });
      expect(user).toMatchObject({ id, version: 1n });
      const keys = [
        keyOf('41'),
        { key: { case: 'email' as const, value: email } },
        keyOf('42'),
        keyOf('42', 'crm'),
      ];
      const ask = async (tenant: string) =>
        (await users.resolveUsers({ tenantId: tenant, keys, view: UserView.BASIC })).outcomes;
      const outcomes = await ask(tenantId);
      expect(outcomes.map(({ outcome }) => outcome.case)).toEqual(['missing', 'user', 'user', 'missing']);
      expect(outcomes[2]).toMatchObject({ key: keyOf('42'), outcome: { value: { id, email } } });
      const elsewhere = await ask(freshTenant());
      expect(elsewhere.map(({ outcome }) => outcome.case)).toEqual(Array(4).fill('missing'));
    });

    it('belong to one user until they are unlinked', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const [one, other] = [await seedUser({ admin }, tenantId), await seedUser({ admin }, tenantId)];
      const externalId = legacy('7');
      for (let n = 0; n < 2; n++) await admin.linkExternalId({ tenantId, id: one.id, externalId });
      const theft = admin.linkExternalId({ tenantId, id: other.id, externalId });
      await expectRefusal(theft, { code: 'AlreadyExists', reason: 'EXTERNAL_ID_TAKEN' });
      await admin.unlinkExternalId({ tenantId, id: other.id, externalId });
      expect((await admin.listExternalIds({ tenantId, id: one.id })).externalIds).toHaveLength(1);
      await admin.unlinkExternalId({ tenantId, id: one.id, externalId });
      await admin.linkExternalId({ tenantId, id: other.id, externalId });
      expect((await admin.listExternalIds({ tenantId, id: one.id })).externalIds).toEqual([]);
    });

    it('go to exactly one of many concurrent requests', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const made = await Promise.all(Array.from({ length: 5 }, () => seedUser({ admin }, tenantId)));
      const links = made.map(({ id }) => admin.linkExternalId({ tenantId, id, externalId: legacy('1') }));
      const results = await Promise.allSettled(links);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('are listed once each in pages, also while others are linked', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const given = ['a', 'b', 'c', 'd', 'e'];
      for (const each of given) await admin.linkExternalId({ tenantId, id, externalId: legacy(each) });
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await admin.listExternalIds({ tenantId, id, pageSize: 2, pageToken });
        seen.push(...page.externalIds.map(({ externalId }) => externalId));
        pageToken = page.nextPageToken;
        await admin.linkExternalId({ tenantId, id, externalId: legacy(`A${seen.length}`) });
      } while (pageToken !== '');
      expect(seen).toEqual(given);
    });

    it('stay with a deleted user, and leave an erased one, which accepts none', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      await admin.linkExternalId({ tenantId, id, externalId: legacy('9') });
      await admin.deleteUser({ tenantId, id });
      const ask = async () =>
        (await users.resolveUsers({ tenantId, keys: [keyOf('9')] })).outcomes[0]?.outcome;
      expect(await ask()).toMatchObject({ case: 'user', value: { id, state: UserState.DELETED } });
      await admin.eraseUser({ tenantId, id });
      expect(await ask()).toMatchObject({ case: 'missing' });
      const again = admin.linkExternalId({ tenantId, id, externalId: legacy('9') });
      await expectRefusal(again, { code: 'FailedPrecondition', reason: 'USER_DELETED' });
    });

    it('require an existing user, and a source and an id that can be stored', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const nobody = { tenantId, id: randomUUID(), externalId: legacy('1') };
      const unknown = { code: 'NotFound', reason: 'USER_NOT_FOUND' } as const;
      await expectRefusal(admin.linkExternalId(nobody), unknown);
      await expectRefusal(admin.unlinkExternalId(nobody), unknown);
      await expectRefusal(admin.listExternalIds(nobody), unknown);
      for (const externalId of [legacy(''), { source: 'UPPER', externalId: '1' }, legacy('a\0b')]) {
        const link = admin.linkExternalId({ tenantId, id, externalId });
        await expectRefusal(link, { code: 'InvalidArgument', reason: 'FIELD_INVALID' });
      }
    });
  });

  describe('tags', () => {
    it('are removed, then added in order without duplicates, and increment the version when they differ', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId, { profile: { tags: ['b', 'a'] } });
      const modify = async (add: string[], remove: string[]) => {
        const { user } = await admin.modifyTags({ tenantId, id, add, remove });
        return [user?.version, user?.profile?.tags];
      };
      expect(await modify(['c', 'a'], ['b', 'z'])).toEqual([2n, ['a', 'c']]);
      expect(await modify(['a'], ['nothing'])).toEqual([2n, ['a', 'c']]);
      const { user } = await admin.updateUser({
        tenantId,
        user: { id, profile: { tags: ['z', 'a'] } },
        updateMask: { paths: ['profile.tags'] },
      });
      expect([user?.version, user?.profile?.tags]).toEqual([3n, ['z', 'a']]);
      expect(await modify([], ['z', 'a'])).toEqual([4n, []]);
    });

    it('keep all of many concurrent additions', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId, { profile: { tags: [] } });
      const tags = Array.from({ length: 10 }, (_, n) => `tag${n}`);
      await Promise.all(tags.map((tag) => admin.modifyTags({ tenantId, id, add: [tag] })));
      const { user } = await users.getUser({ tenantId, id, view: UserView.FULL });
      expect(user?.profile?.tags.toSorted()).toEqual(tags);
      expect(user?.version).toBe(11n);
    });

    it('invisible: are refused when blank', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const refusal = { code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: ['add'] } as const;
      for (const tag of [' ', '\u200b', '\n', '\u3164'])
        await expectRefusal(admin.modifyTags({ tenantId, id, add: ['a', tag] }), refusal);
    });

    it('are limited to a hundred, and refused for a deleted user', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const add = Array.from({ length: 100 }, (_, n) => `tag${n}`);
      const tooMany = admin.modifyTags({ tenantId, id, add });
      await expectRefusal(tooMany, { code: 'InvalidArgument', reason: 'PROFILE_TOO_LARGE' });
      await admin.deleteUser({ tenantId, id });
      const deleted = admin.modifyTags({ tenantId, id, add: ['a'] });
      await expectRefusal(deleted, { code: 'FailedPrecondition', reason: 'USER_DELETED' });
    });
  });
}
