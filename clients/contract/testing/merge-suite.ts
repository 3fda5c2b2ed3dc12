import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../index.ts';
import { UserRole, UserState, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** Tests PreviewMergeUsers, MergeUsers and UnmergeUsers. */
export function describeMerges(name: string, subject: () => ServiceSubject): void {
  const seedTwo = async () => {
    const { admin, users } = subject();
    const tenantId = freshTenant();
    const survivor = await seedUser({ admin }, tenantId, { firstName: 'Ada', profile: { tags: ['vip'] } });
    const loser = await seedUser({ admin }, tenantId, {
      ...{ firstName: 'Augusta', businessName: 'Engines', phone: '' },
      profile: { birthDate: '1815-12-10', tags: ['vip', 'poet'], crmFields: { owner: 'Kim' } },
    });
    const plan = { survivorId: survivor.id, loserId: loser.id };
    return { admin, users, tenantId, survivor, loser, plan };
  };
  const refusedFor = async (call: Promise<unknown>) => {
    const error = await expectRefusal(call, { code: 'FailedPrecondition', reason: 'MERGE_REFUSED' });
    return error.findDetails(ErrorInfoSchema)[0]?.metadata.refusal;
  };

  describe(`${name}: merging`, () => {
    it('fills the empty fields of the survivor, keeps the others, and increments both versions', async () => {
      const { admin, users, tenantId, survivor, loser, plan } = await seedTwo();
      const { user, mergeId } = await admin.mergeUsers({ tenantId, plan });
      expect(mergeId).not.toBe('');
      expect(user).toMatchObject({ id: survivor.id, version: 2n, firstName: 'Ada', businessName: 'Engines' });
      expect(user).toMatchObject({ email: survivor.email, phone: survivor.phone });
      expect(user?.profile).toMatchObject({
        birthDate: '1815-12-10',
        tags: ['vip', 'poet'],
        crmFields: { owner: 'Kim' },
      });
      const full = { tenantId, view: UserView.FULL };
      expect((await users.getUser({ ...full, id: loser.id })).user).toEqual(user);
      const { outcomes } = await users.batchGetUsers({ ...full, ids: [loser.id, survivor.id] });
      expect(outcomes.map(({ id, outcome }) => [id, outcome.value])).toEqual([
        [loser.id, user],
        [survivor.id, user],
      ]);
      const { users: listed } = await admin.listUsers({ tenantId });
      expect(listed.map(({ id }) => id)).toEqual([survivor.id]);
    });

    it("takes the loser's value for the fields of the plan, as the preview shows", async () => {
      const { admin, users, tenantId, survivor, loser } = await seedTwo();
      const plan = {
        survivorId: survivor.id,
        loserId: loser.id,
        takeFromLoser: { paths: ['email', 'first_name', 'phone', 'profile.tags'] },
      };
      const preview = await admin.previewMergeUsers({ tenantId, plan });
      expect(preview.user).toMatchObject({ firstName: 'Augusta', email: loser.email, phone: survivor.phone });
      expect(preview.fields.find(({ path }) => path === 'email')).toMatchObject({
        survivorValue: JSON.stringify(survivor.email),
        loserValue: JSON.stringify(loser.email),
        resultValue: JSON.stringify(loser.email),
      });
      expect(preview.fields.map(({ path }) => path)).toEqual(
        expect.arrayContaining([
          'first_name',
          'business_name',
          'phone',
          'profile.birth_date',
          'profile.tags',
        ]),
      );
      expect(preview.fields.map(({ path }) => path)).not.toContain('last_name');
      expect((await users.getUser({ tenantId, id: loser.id })).user?.version).toBe(1n);

      const { user } = await admin.mergeUsers({
        tenantId,
        plan,
        survivorEtag: preview.user?.etag ?? '',
        loserEtag: loser.etag,
      });
      const { version: _, etag: __, updateTime: ___, ...fields } = preview.user ?? {};
      expect(user).toMatchObject(fields);
    });

    it('leads from both addresses to the survivor, and reserves them', async () => {
      for (const paths of [[], ['email']]) {
        const { admin, users, tenantId, survivor, loser, plan } = await seedTwo();
        await admin.mergeUsers({ tenantId, plan: { ...plan, takeFromLoser: { paths } } });
        const keys = [survivor.email, loser.email].map((value) => ({
          key: { case: 'email' as const, value },
        }));
        const { outcomes } = await users.resolveUsers({ tenantId, keys });
        expect(outcomes.map(({ outcome }) => outcome.value)).toMatchObject([
          { id: survivor.id },
          { id: survivor.id },
        ]);
        for (const { email } of [survivor, loser]) {
          const taken = admin.createUser({ tenantId, user: { email } });
          await expectRefusal(taken, { code: 'AlreadyExists', reason: 'EMAIL_TAKEN' });
        }
      }
    });

    it('moves external ids, notes, activities and statistics, and appears in the timeline', async () => {
      const { admin, users, tenantId, survivor, loser, plan } = await seedTwo();
      const externalId = { source: 'legacy', externalId: 'A 1' };
      const time = { seconds: 1_700_000_000n, nanos: 0 };
      const activity = { kind: 'call', source: 'booking', summary: 'Called', time };
      await admin.linkExternalId({ tenantId, id: loser.id, externalId });
      await admin.createNote({ tenantId, id: loser.id, text: 'Likes tea' });
      await admin.recordActivity({ tenantId, id: loser.id, activity });
      const report = (id: string, totalBookings: bigint) =>
        admin.recordStatistics({
          tenantId,
          id,
          source: 'booking',
          revision: 1n,
          totalBookings,
        });
      await report(loser.id, 2n);
      await report(survivor.id, 3n);
      const { mergeId, user } = await admin.mergeUsers({ tenantId, plan });
      expect(user?.profile?.statistics?.totalBookings).toBe(5n);
      // Neither user has preferences.
      expect(user?.profile?.preferences).toBeUndefined();

      const key = { key: { case: 'externalId' as const, value: externalId } };
      const { outcomes } = await users.resolveUsers({ tenantId, keys: [key] });
      expect(outcomes[0]?.outcome.value).toMatchObject({ id: survivor.id });
      for (const { id } of [survivor, loser]) {
        expect((await admin.listNotes({ tenantId, id })).notes.map(({ text }) => text)).toEqual([
          'Likes tea',
        ]);
        const { entries } = await admin.listTimeline({ tenantId, id });
        expect(entries.map(({ entry }) => entry.case)).toEqual(['merge', 'note', 'activity']);
        expect(entries[0]?.entry.value).toMatchObject({ mergeId, loserId: loser.id, undone: false });
      }
      // Services go on reporting by the ids that they know.
      await admin.recordStatistics({
        ...{ tenantId, id: loser.id, source: 'booking', revision: 2n },
        totalBookings: 10n,
      });
      const { user: after } = await users.getUser({ tenantId, id: loser.id, view: UserView.FULL });
      expect(after?.profile?.statistics?.totalBookings).toBe(13n);
    });

    it('reads and writes the last survivor of a chain', async () => {
      const { admin, users, tenantId, survivor, loser, plan } = await seedTwo();
      const last = await seedUser({ admin }, tenantId);
      await admin.mergeUsers({ tenantId, plan });
      await admin.mergeUsers({ tenantId, plan: { survivorId: last.id, loserId: survivor.id } });
      for (const id of [loser.id, survivor.id, last.id]) {
        expect((await users.getUser({ tenantId, id })).user?.id).toBe(last.id);
      }
      const { user } = await admin.updateUser({
        tenantId,
        user: { id: loser.id, lastName: 'King' },
        updateMask: { paths: ['last_name'] },
      });
      expect(user).toMatchObject({ id: last.id, lastName: 'King' });
      const { outcomes } = await users.resolveUsers({
        tenantId,
        keys: [{ key: { case: 'email', value: loser.email } }],
      });
      expect(outcomes[0]?.outcome.value).toMatchObject({ id: last.id });
    });

    it('merges once per request id', async () => {
      const { admin, tenantId, plan } = await seedTwo();
      const request = { tenantId, requestId: randomUUID(), plan };
      const answers = await Promise.all(Array.from({ length: 4 }, () => admin.mergeUsers(request)));
      expect(new Set(answers.map(({ mergeId }) => mergeId)).size).toBe(1);
      expect(answers.map(({ user }) => user?.version)).toEqual([2n, 2n, 2n, 2n]);
      const other = { ...request, plan: { survivorId: plan.loserId, loserId: plan.survivorId } };
      await expectRefusal(admin.mergeUsers(other), { code: 'InvalidArgument', reason: 'REQUEST_ID_REUSED' });
    });

    it('refuses with a reason', async () => {
      const { admin, tenantId, survivor, loser, plan } = await seedTwo();
      const [third, deleted, erased] = [
        await seedUser({ admin }, tenantId),
        await seedUser({ admin }, tenantId),
        await seedUser({ admin }, tenantId),
      ];
      await admin.deleteUser({ tenantId, id: deleted.id });
      await admin.eraseUser({ tenantId, id: erased.id });
      await admin.mergeUsers({ tenantId, plan });
      const merge = (survivorId: string, loserId: string) =>
        admin.mergeUsers({ tenantId, plan: { survivorId, loserId } });
      expect(await refusedFor(merge(third.id, third.id.toUpperCase()))).toBe('SELF');
      expect(await refusedFor(merge(survivor.id, loser.id))).toBe('ALREADY_MERGED');
      expect(await refusedFor(merge(loser.id, survivor.id))).toBe('CYCLE');
      expect(await refusedFor(merge(loser.id, third.id))).toBe('SURVIVOR_MERGED');
      expect(await refusedFor(merge(third.id, deleted.id))).toBe('DELETED');
      expect(await refusedFor(merge(erased.id, third.id))).toBe('ERASED');
      const preview = admin.previewMergeUsers({
        tenantId,
        plan: { survivorId: loser.id, loserId: survivor.id },
      });
      expect(await refusedFor(preview)).toBe('CYCLE');
      await expectRefusal(
        admin.mergeUsers({
          tenantId,
          plan: { survivorId: survivor.id, loserId: third.id },
          survivorEtag: 'v1',
        }),
        { code: 'Aborted', reason: 'ETAG_MISMATCH' },
      );
      await expectRefusal(
        admin.mergeUsers({
          tenantId,
          plan: { survivorId: survivor.id, loserId: third.id, takeFromLoser: { paths: ['id'] } },
        }),
        { code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: ['plan.take_from_loser'] },
      );
    });

    it('finds no user and no merge of another tenant', async () => {
      const { admin, tenantId, survivor, loser, plan } = await seedTwo();
      const other = freshTenant();
      const stranger = await seedUser({ admin }, other);
      const notFound = { code: 'NotFound', reason: 'USER_NOT_FOUND' } as const;
      const error = await expectRefusal(
        admin.mergeUsers({ tenantId, plan: { survivorId: survivor.id, loserId: stranger.id } }),
        notFound,
      );
      const nobody = randomUUID();
      const same = await expectRefusal(
        admin.mergeUsers({ tenantId, plan: { survivorId: survivor.id, loserId: nobody } }),
        notFound,
      );
      expect(error.message.replace(stranger.id, nobody)).toBe(same.message);
      await expectRefusal(admin.mergeUsers({ tenantId: other, plan }), notFound);
      const { mergeId } = await admin.mergeUsers({ tenantId, plan });
      expect(await refusedFor(admin.unmergeUsers({ tenantId: other, mergeId }))).toBe('NO_SUCH_MERGE');
      expect(loser.tenantId).toBe(tenantId);
    });
  });

  describe(`${name}: taking a merge back`, () => {
    it('restores both users except for version and time', async () => {
      for (const paths of [[], ['email', 'role', 'profile']]) {
        const { admin, users, tenantId, survivor, loser, plan } = await seedTwo();
        await admin.updateUser({
          ...{ tenantId, updateMask: { paths: ['role', 'state'] } },
          user: { id: loser.id, role: UserRole.VENDOR, state: UserState.SUSPENDED },
        });
        const externalId = { source: 'legacy', externalId: '7' };
        await admin.linkExternalId({ tenantId, id: loser.id, externalId });
        const full = { tenantId, view: UserView.FULL };
        const before = (await users.batchGetUsers({ ...full, ids: [survivor.id, loser.id] })).outcomes;
        const { mergeId } = await admin.mergeUsers({ tenantId, plan: { ...plan, takeFromLoser: { paths } } });
        const answer = await admin.unmergeUsers({ tenantId, mergeId });
        const after = (await users.batchGetUsers({ ...full, ids: [survivor.id, loser.id] })).outcomes;
        expect(after.map(({ outcome }) => outcome.value)).toEqual([answer.survivor, answer.restored]);
        for (const [i, { outcome }] of before.entries()) {
          const { version, etag: _, updateTime: __, ...fields } = outcome.value as typeof survivor;
          expect(after[i]?.outcome.value).toMatchObject(fields);
          expect(after[i]?.outcome.value).toMatchObject({ version: version + 2n });
        }
        const { externalIds } = await admin.listExternalIds({ tenantId, id: loser.id });
        expect(externalIds).toMatchObject([externalId]);
        expect((await admin.listExternalIds({ tenantId, id: survivor.id })).externalIds).toEqual([]);
      }
    });

    it('leaves later changes with the survivor', async () => {
      const { admin, users, tenantId, survivor, loser, plan } = await seedTwo();
      await admin.createNote({ tenantId, id: loser.id, text: 'before' });
      const { mergeId } = await admin.mergeUsers({ tenantId, plan });
      await admin.createNote({ tenantId, id: loser.id, text: 'after' });
      await admin.modifyTags({ tenantId, id: survivor.id, add: ['new'], remove: ['vip'] });
      await admin.updateUser({
        ...{ tenantId, updateMask: { paths: ['last_name', 'email'] } },
        user: { id: loser.id, lastName: 'King', email: 'ada.king@example.com' },
      });
      const { survivor: kept, restored } = await admin.unmergeUsers({ tenantId, mergeId });
      expect(kept).toMatchObject({
        id: survivor.id,
        lastName: 'King',
        email: 'ada.king@example.com',
        businessName: '',
      });
      expect(kept?.profile).toMatchObject({ birthDate: '', tags: ['new'], crmFields: {} });
      expect(restored).toMatchObject({ id: loser.id, lastName: 'Lovelace', email: loser.email });
      expect(restored?.profile?.tags).toEqual(['vip', 'poet']);
      const texts = async (id: string) =>
        (await admin.listNotes({ tenantId, id })).notes.map(({ text }) => text);
      expect([await texts(survivor.id), await texts(loser.id)]).toEqual([['after'], ['before']]);
      const { entries } = await admin.listTimeline({ tenantId, id: loser.id });
      expect(entries.map(({ entry }) => entry.case)).toEqual(['merge', 'merge', 'note']);
      expect(entries[0]?.entry.value).toMatchObject({ mergeId, undone: true });
      expect((await users.getUser({ tenantId, id: loser.id })).user?.id).toBe(loser.id);
    });

    it('undoes a merge once, and the latest merge first', async () => {
      const { admin, tenantId, survivor, plan } = await seedTwo();
      const [third, last] = [await seedUser({ admin }, tenantId), await seedUser({ admin }, tenantId)];
      const first = (await admin.mergeUsers({ tenantId, plan })).mergeId;
      const second = (
        await admin.mergeUsers({ tenantId, plan: { survivorId: survivor.id, loserId: third.id } })
      ).mergeId;
      const away = (await admin.mergeUsers({ tenantId, plan: { survivorId: last.id, loserId: survivor.id } }))
        .mergeId;
      for (const mergeId of [first, second]) {
        expect(await refusedFor(admin.unmergeUsers({ tenantId, mergeId }))).toBe('LATER_MERGE');
      }
      await admin.unmergeUsers({ tenantId, mergeId: away });
      const request = { tenantId, mergeId: second, requestId: randomUUID() };
      const [one, other] = [await admin.unmergeUsers(request), await admin.unmergeUsers(request)];
      expect(other).toEqual(one);
      expect(await refusedFor(admin.unmergeUsers({ tenantId, mergeId: second }))).toBe('ALREADY_UNDONE');
      await admin.unmergeUsers({ tenantId, mergeId: first });
      // The merge can be repeated after its undoing.
      await admin.mergeUsers({ tenantId, plan });
    });

    it('refuses when one of the users is erased, by either id', async () => {
      for (const which of ['survivor', 'loser'] as const) {
        const { admin, users, tenantId, plan, ...both } = await seedTwo();
        const { mergeId } = await admin.mergeUsers({ tenantId, plan });
        await admin.eraseUser({ tenantId, id: both[which].id });
        expect(await refusedFor(admin.unmergeUsers({ tenantId, mergeId }))).toBe('ERASED');
        const { user } = await users.getUser({ tenantId, id: both.loser.id, view: UserView.FULL });
        expect(user).toMatchObject({
          id: both.survivor.id,
          state: UserState.DELETED,
          email: '',
          firstName: '',
        });
      }
    });
  });
}
