import { describe, expect, it } from 'vitest';
import { UserRole, UserState, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** Tests ListUsers. */
export function describeListing(subject: () => ServiceSubject): void {
  describe('listing users', () => {
    it('returns each user once in pages, also while others are created', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const made: string[] = [];
      for (let i = 0; i < 7; i++) made.push((await seedUser({ admin }, tenantId)).id);
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await admin.listUsers({ tenantId, pageSize: 3, pageToken });
        seen.push(...page.users.map(({ id }) => id));
        if (pageToken === '') made.push((await seedUser({ admin }, tenantId)).id);
        pageToken = page.nextPageToken;
      } while (pageToken);
      expect(new Set(seen).size).toBe(seen.length);
      expect([...seen].sort()).toEqual([...made].sort());
    });

    it('lists in descending order, and filters by state and role', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const a = await seedUser({ admin }, tenantId);
      const b = await seedUser({ admin }, tenantId, { role: UserRole.VENDOR });
      await admin.updateUser({
        tenantId,
        user: { id: a.id, state: UserState.SUSPENDED },
        updateMask: { paths: ['state'] },
      });
      const ids = async (request: object) =>
        (await admin.listUsers({ tenantId, ...request })).users.map(({ id }) => id);
      expect(await ids({})).toEqual([a.id, b.id].sort((x, y) => (x === a.id ? -1 : y === a.id ? 1 : 0)));
      expect(await ids({ orderBy: 'update_time desc' })).toEqual([a.id, b.id]);
      expect(await ids({ filter: { states: [UserState.SUSPENDED] } })).toEqual([a.id]);
      expect(await ids({ filter: { roles: [UserRole.VENDOR] } })).toEqual([b.id]);
      expect(await ids({ filter: { createdBefore: a.createTime } })).toEqual([]);
    });

    it('lists in pages by name in either direction, in the order of folded names', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const made: string[] = [];
      for (const displayName of ['eva', 'Élodie', 'ada', 'Zoë', 'Émile', 'ada'])
        made.push((await seedUser({ admin }, tenantId, { displayName })).id);
      const [eva, elodie, ada, zoe, emile, otherAda] = made as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      const order = [...[ada, otherAda].sort(), elodie, emile, eva, zoe];
      for (const [orderBy, expected] of [
        ['display_name', order],
        ['display_name desc', order.toReversed()],
      ] as const) {
        const seen: string[] = [];
        let pageToken = '';
        do {
          const page = await admin.listUsers({ tenantId, orderBy, pageSize: 1, pageToken });
          seen.push(...page.users.map(({ id }) => id));
          pageToken = page.nextPageToken;
        } while (pageToken);
        expect(seen).toEqual(expected);
      }
      await expectRefusal(admin.listUsers({ tenantId, orderBy: 'email' }), {
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
        fields: ['order_by'],
      });
    });

    it('filters by all of several tags, and by the last activity', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const both = (await seedUser({ admin }, tenantId, { profile: { tags: ['a', 'b'] } })).id;
      const one = (await seedUser({ admin }, tenantId, { profile: { tags: ['a'] } })).id;
      await seedUser({ admin }, tenantId, { profile: {} });
      const ids = async (filter: object) =>
        (await admin.listUsers({ tenantId, filter })).users.map(({ id }) => id).sort();
      expect(await ids({ tags: ['a'] })).toEqual([both, one].sort());
      expect(await ids({ tags: ['b', 'a'] })).toEqual([both]);
      expect(await ids({ tags: ['c'] })).toEqual([]);
      // No service has reported an activity yet.
      expect(await ids({ activeFrom: { seconds: 1n } })).toEqual([]);
      expect(await ids({ activeBefore: { seconds: 4_000_000_000n } })).toEqual([]);
    });

    it('shortens a page to the size of a response, and continues after it', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const crmFields = Object.fromEntries(
        Array.from({ length: 30 }, (_, i) => [`field ${i}`, 'x'.repeat(2000)]),
      );
      const made: string[] = [];
      for (let i = 0; i < 80; i++)
        made.push((await seedUser({ admin }, tenantId, { profile: { crmFields } })).id);
      const first = await admin.listUsers({ tenantId, view: UserView.FULL, pageSize: 100 });
      const second = await admin.listUsers({
        tenantId,
        view: UserView.FULL,
        pageSize: 100,
        pageToken: first.nextPageToken,
      });
      expect([first.users.length < 80, second.nextPageToken]).toEqual([true, '']);
      expect([...first.users, ...second.users].map(({ id }) => id).sort()).toEqual([...made].sort());
    });

    it('lists no user of another tenant', async () => {
      const { admin } = subject();
      await seedUser({ admin }, freshTenant());
      expect((await admin.listUsers({ tenantId: freshTenant() })).users).toEqual([]);
    });

    it.each([
      ['that is garbage', () => 'garbage', {}],
      ['of another tenant', (token: string) => token, { tenantId: freshTenant() }],
      ['of another filter', (token: string) => token, { filter: { roles: [UserRole.ADMIN] } }],
    ])('refuses a page token %s', async (_, forge, changes) => {
      const { admin } = subject();
      const tenantId = freshTenant();
      for (let i = 0; i < 2; i++) await seedUser({ admin }, tenantId);
      const { nextPageToken } = await admin.listUsers({ tenantId, pageSize: 1 });
      const next = admin.listUsers({ tenantId, pageSize: 1, pageToken: forge(nextPageToken), ...changes });
      await expectRefusal(next, {
        code: 'InvalidArgument',
        reason: 'PAGE_TOKEN_INVALID',
        fields: ['page_token'],
      });
    });
  });
}
