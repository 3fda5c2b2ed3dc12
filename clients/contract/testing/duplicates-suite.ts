import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DuplicateReason } from '../user.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

const { SAME_EMAIL, SAME_PHONE, SIMILAR_NAME_SAME_BIRTH_DATE } = DuplicateReason;

/** Tests ListDuplicateCandidates and AutoMergeDuplicates, which the published fake does not implement. */
export function describeDuplicates(name: string, subject: () => ServiceSubject): void {
  // Pairs of every kind, least certain first; the older user of a pair first.
  const seedPairs = async () => {
    const { admin, users } = subject();
    const tenantId = freshTenant();
    const seed = async (fields: Parameters<typeof seedUser>[2]) =>
      (await seedUser({ admin }, tenantId, { phone: '', profile: {}, ...fields })).id;
    const born = (birthDate: string) => ({ profile: { birthDate } });
    const phones = [
      await seed({ firstName: 'Tom', phone: '+1 555 0100' }),
      await seed({ firstName: 'Zoe', phone: '(1) 555-0100 x5' }),
    ];
    const names = [
      await seed({ firstName: 'José', lastName: 'García', ...born('1980-02-29') }),
      await seed({ firstName: 'Jose', lastName: 'Garcia', ...born('1980-02-29') }),
    ];
    await seed({ firstName: 'Rupert', lastName: 'Winter', ...born('1980-02-29') });
    const emails = [
      await seed({ firstName: 'Ann', email: 'ann@example.com' }),
      await seed({ firstName: 'Bob', email: 'Ann+shop@Example.com' }),
    ];
    const all = [
      await seed({ firstName: 'Kim', email: 'kim@example.com', phone: '555 0199', ...born('1990-01-01') }),
      await seed({ firstName: 'Kim', email: 'kim+1@example.com', phone: '5550199', ...born('1990-01-01') }),
    ];
    return { admin, users, tenantId, pairs: { all, emails, names, phones } };
  };

  describe(`${name}: duplicates`, () => {
    it('are listed in pages, most certain first, with reasons', async () => {
      const { admin, tenantId, pairs } = await seedPairs();
      const { candidates, nextPageToken } = await admin.listDuplicateCandidates({ tenantId });
      expect(candidates.map(({ first, second }) => [first?.id, second?.id])).toEqual([
        pairs.all,
        pairs.emails,
        pairs.names,
        pairs.phones,
      ]);
      expect(candidates.map(({ reasons }) => reasons)).toEqual([
        [SAME_EMAIL, SIMILAR_NAME_SAME_BIRTH_DATE, SAME_PHONE],
        [SAME_EMAIL],
        [SIMILAR_NAME_SAME_BIRTH_DATE],
        [SAME_PHONE],
      ]);
      expect(candidates.map(({ score }) => score)).toEqual([0.992, 0.9, 0.8, 0.6]);
      expect(candidates[1]?.second?.email).toBe('Ann+shop@Example.com');
      expect(nextPageToken).toBe('');

      const paged = [];
      let pageToken = '';
      for (let pages = 0; pages < 50; pages += 1) {
        const page = await admin.listDuplicateCandidates({ tenantId, pageSize: 1, pageToken });
        expect(page.candidates.length).toBeLessThanOrEqual(1);
        paged.push(...page.candidates);
        pageToken = page.nextPageToken;
        if (pageToken === '') break;
      }
      expect(paged).toEqual(candidates);
      const certain = await admin.listDuplicateCandidates({ tenantId, minScore: 0.85 });
      expect(certain.candidates).toEqual(candidates.slice(0, 2));
    });

    it('twins: exclude users who share only a family name and a birth date', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const seed = async (firstName: string, lastName = 'Schwarzenberger') =>
        (
          await seedUser({ admin }, tenantId, {
            firstName,
            lastName,
            phone: '',
            profile: { birthDate: '1990-01-01' },
          })
        ).id;
      await seed('Anna');
      await seed('Hans');
      await seed('Anne');
      await seed('');
      const pair = [await seed('Søren', 'Sørensen'), await seed('Soren', 'Sørensen')];
      const { candidates } = await admin.listDuplicateCandidates({ tenantId, minScore: 0.6 });
      expect(candidates.map(({ first, second }) => [first?.id, second?.id])).toEqual([pair]);
      const { merges } = await admin.autoMergeDuplicates({ tenantId, minScore: 0.6, dryRun: true });
      expect(merges).toHaveLength(1);
    });

    it('twins: are distinguished by the display name when they have no other', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const seed = async (displayName: string) => {
        const names = { firstName: '', lastName: '', displayName };
        const profile = { birthDate: '1990-01-01' };
        return (await seedUser({ admin }, tenantId, { ...names, phone: '', profile })).id;
      };
      const pair = [await seed('Jörg Weiß'), await seed('JORG WEISS')];
      await seed('Anna Schwarzenberger');
      await seed('Hans Schwarzenberger');
      const { candidates } = await admin.listDuplicateCandidates({ tenantId });
      expect(candidates.map(({ first, second, score }) => [first?.id, second?.id, score])).toEqual([
        [...pair, 0.8],
      ]);
    });

    it('form pairs, also when several share an address, without deleted and merged users', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const ids = [];
      for (const suffix of ['', '+a', '+b', '+c', '+d']) {
        ids.push((await seedUser({ admin }, tenantId, { email: `x${suffix}@example.com`, phone: '' })).id);
      }
      const [a = '', b = '', c = '', d = ''] = ids;
      await admin.deleteUser({ tenantId, id: d });
      await admin.mergeUsers({ tenantId, plan: { survivorId: a, loserId: b } });
      const left = [a, c, ids[4] ?? ''];
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await admin.listDuplicateCandidates({ tenantId, pageSize: 1, pageToken });
        seen.push(...page.candidates.map(({ first, second }) => `${first?.id} ${second?.id}`));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(seen.toSorted()).toEqual(
        [`${left[0]} ${left[1]}`, `${left[0]} ${left[2]}`, `${left[1]} ${left[2]}`].toSorted(),
      );
    });

    it('are merged above the threshold into the older user, and a dry run lists them before', async () => {
      const { admin, users, tenantId, pairs } = await seedPairs();
      const request = { tenantId, minScore: 0.85, requestId: randomUUID() };
      const dry = await admin.autoMergeDuplicates({ ...request, requestId: '', dryRun: true });
      expect(dry.merges.map(({ survivorId, mergeId }) => [survivorId, mergeId])).toEqual([
        [pairs.all[0], ''],
        [pairs.emails[0], ''],
      ]);
      expect((await users.getUser({ tenantId, id: pairs.all[1] ?? '' })).user?.id).toBe(pairs.all[1]);

      const { merges } = await admin.autoMergeDuplicates(request);
      expect(merges.map(({ survivorId, refusal }) => [survivorId, refusal])).toEqual([
        [pairs.all[0], ''],
        [pairs.emails[0], ''],
      ]);
      expect(merges[0]?.candidate).toMatchObject({ score: 0.992, first: { id: pairs.all[0] } });
      for (const [older, newer] of [pairs.all, pairs.emails]) {
        expect((await users.getUser({ tenantId, id: newer ?? '' })).user?.id).toBe(older);
      }
      expect((await users.getUser({ tenantId, id: pairs.names[1] ?? '' })).user?.id).toBe(pairs.names[1]);
      const again = await admin.autoMergeDuplicates(request);
      expect(again.merges.map(({ mergeId }) => mergeId)).toEqual(merges.map(({ mergeId }) => mergeId));
      expect((await admin.autoMergeDuplicates({ ...request, requestId: '' })).merges).toEqual([]);
      await admin.unmergeUsers({ tenantId, mergeId: merges[0]?.mergeId ?? '' });
    });

    it('are merged up to the requested number, into the user with more bookings', async () => {
      const { admin, tenantId, pairs } = await seedPairs();

      const id = pairs.all[1] ?? '';
      await admin.recordStatistics({ tenantId, id, source: 'booking', revision: 1n, totalBookings: 4n });
      const { merges } = await admin.autoMergeDuplicates({ tenantId, minScore: 0.5, maxMerges: 1 });
      expect(merges).toMatchObject([{ survivorId: id, refusal: '' }]);
      expect((await admin.listDuplicateCandidates({ tenantId })).candidates).toHaveLength(3);
    });
  });
}
