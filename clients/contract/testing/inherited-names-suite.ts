import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserView } from '../user.ts';
import { expectRefusal, type Refusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** Property names that every JavaScript object inherits. A lookup table must not find them. */
const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

/** Tests that an inherited property name is a name like any other. */
export function describeInheritedNames(subject: () => ServiceSubject): void {
  describe.each(NAMES)('the name %s', (name) => {
    const named = (value: string) => Object.fromEntries([[name, value]]);

    it('B7: is stored as the name of a field, a tag and an external id', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const profile = { crmFields: named('mine'), preferences: { other: named('too') }, tags: [name] };
      const { id } = await seedUser({ admin }, tenantId, { profile });
      const { user } = await users.getUser({ tenantId, id, view: UserView.FULL });
      expect(Object.entries(user?.profile?.crmFields ?? {})).toEqual([[name, 'mine']]);
      expect(Object.entries(user?.profile?.preferences?.other ?? {})).toEqual([[name, 'too']]);
      expect(user?.profile?.tags).toEqual([name]);
      const listed = await admin.listUsers({ tenantId, filter: { tags: [name] } });
      expect(listed.users.map((each) => each.id)).toEqual([id]);
      await admin.linkExternalId({ tenantId, id, externalId: { source: 'legacy', externalId: name } });
      const key = { case: 'externalId' as const, value: { source: 'legacy', externalId: name } };
      const { outcomes } = await users.resolveUsers({ tenantId, keys: [{ key }] });
      expect(outcomes[0]?.outcome.case).toBe('user');
    });

    it('B7: is no known version of a batch, and leads to no user', async () => {
      const { users } = subject();
      const [tenantId, id] = [freshTenant(), randomUUID()];
      const versions = Object.fromEntries([[name, 9n]]);
      const { outcomes } = await users.batchGetUsers({ tenantId, ids: [id], knownVersions: versions });
      expect(outcomes.map(({ outcome }) => outcome.case)).toEqual(['missing']);
      const key = { case: 'externalId' as const, value: { source: 'legacy', externalId: name } };
      const resolved = await users.resolveUsers({ tenantId, keys: [{ key }] });
      expect(resolved.outcomes.map(({ outcome }) => outcome.case)).toEqual(['missing']);
    });

    it('B7: is refused as an order, a path, an id and a page token', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const id = randomUUID();
      const invalid = (field: string): Refusal => ({
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
        fields: [field],
      });
      await expectRefusal(admin.listUsers({ tenantId, orderBy: name }), invalid('order_by'));
      // JSON cannot express some of these paths, so the caller's encoder refuses them.
      for (const path of [name, `profile.${name}`]) {
        const masked = admin.updateUser({ tenantId, user: { id }, updateMask: { paths: [path] } });
        await expect(masked).rejects.toThrow(/update_mask|FieldMask/);
      }
      await expectRefusal(users.getUser({ tenantId, id: name }), invalid('id'));
      const paged = admin.listUsers({ tenantId, pageToken: name });
      await expectRefusal(paged, { code: 'InvalidArgument', reason: 'PAGE_TOKEN_INVALID' });
    });
  });

  it('B7: accepts a tenant named constructor, which has only its own users', async () => {
    const { admin, users } = subject();
    const tenantId = 'constructor';
    const { id } = await seedUser({ admin }, tenantId);
    expect((await users.getUser({ tenantId, id })).user?.id).toBe(id);
    await expectRefusal(users.getUser({ tenantId: freshTenant(), id }), {
      code: 'NotFound',
      reason: 'USER_NOT_FOUND',
    });
  });
}
