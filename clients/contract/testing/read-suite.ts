import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type User, UserState, UserView } from '../user.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ReadOutcome, ReadSubject, ServiceSubject } from './subject.ts';

/** The reads under test, and the service that creates their users. */
export interface ReadSuiteSubject {
  readonly reads: ReadSubject;
  readonly admin: ServiceSubject['admin'];
}

/**
 * Tests the reads of every implementation: the service, its fake, the cached client.
 * @param subject called in each test, so that `beforeAll` may create it
 */
export function describeReads(name: string, subject: () => ReadSuiteSubject): void {
  describe(`${name} reads users`, () => {
    it('returns a reference without contact data by default', async () => {
      const { reads, admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const user = found(await reads.read(id, { tenantId }));
      expect(user).toMatchObject({
        id,
        tenantId,
        version: 1n,
        displayName: 'Ada Lovelace',
        state: UserState.ACTIVE,
      });
      expect([user.email, user.phone, user.profile]).toEqual(['', '', undefined]);
    });

    it('stars: returns ratings in every view', async () => {
      const { reads, admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      await admin.recordStatistics({ tenantId, id, source: 'booking', averageRating: 4.5, totalReviews: 2 });
      for (const view of [UserView.REFERENCE, UserView.BASIC, UserView.FULL]) {
        const user = found(await reads.read(id, { tenantId, view, minVersion: 2n }));
        expect(user).toMatchObject({ averageRating: 4.5, totalReviews: 2 });
      }
      const [reference] = await reads.readMany([id], { tenantId });
      expect(found(reference)).toMatchObject({ averageRating: 4.5, totalReviews: 2, email: '', phone: '' });
    });

    it('returns contact data in the BASIC view, and the profile only in the FULL view', async () => {
      const { reads, admin } = subject();
      const tenantId = freshTenant();
      const { id, email } = await seedUser({ admin }, tenantId);
      const basic = found(await reads.read(id, { tenantId, view: UserView.BASIC }));
      expect([basic.email, basic.phone, basic.profile]).toEqual([email, '+351 21 000 0000', undefined]);
      const full = found(await reads.read(id, { tenantId, view: UserView.FULL }));
      expect([full.email, full.profile?.tags]).toEqual([email, ['vip']]);
    });

    it('reports an unknown id as missing, alone and in a batch', async () => {
      const { reads } = subject();
      const [tenantId, id] = [freshTenant(), randomUUID()];
      expect(await reads.read(id, { tenantId })).toEqual({ missing: true });
      expect(await reads.readMany([id], { tenantId })).toEqual([{ missing: true }]);
    });

    it('reports a user of another tenant as missing, alone and in a batch', async () => {
      const { reads, admin } = subject();
      const [mine, theirs] = [freshTenant(), freshTenant()];
      const { id } = await seedUser({ admin }, theirs);
      found(await reads.read(id, { tenantId: theirs }));
      expect(await reads.read(id, { tenantId: mine })).toEqual({ missing: true });
      expect(await reads.readMany([id], { tenantId: mine })).toEqual([{ missing: true }]);
    });

    it('returns one outcome per id of a batch, in order, duplicates included', async () => {
      const { reads, admin } = subject();
      const tenantId = freshTenant();
      const a = await seedUser({ admin }, tenantId, { firstName: 'A' });
      const b = await seedUser({ admin }, tenantId, { firstName: 'B' });
      const outcomes = await reads.readMany([b.id, randomUUID(), a.id, b.id], { tenantId });
      expect(outcomes.map((each) => ('found' in each ? each.found.firstName : 'missing'))).toEqual([
        'B',
        'missing',
        'A',
        'B',
      ]);
    });

    it('treats ids as case-insensitive', async () => {
      const { reads, admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      expect(found(await reads.read(id.toUpperCase(), { tenantId })).id).toBe(id);
      const [outcome] = await reads.readMany([id.toUpperCase()], { tenantId });
      expect(found(outcome).id).toBe(id);
    });

    it('returns the version of a write to a read that requires it', async () => {
      const { reads, admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      found(await reads.read(id, { tenantId }));
      const changed = await admin.updateUser({
        tenantId,
        user: { id, firstName: 'Augusta' },
        updateMask: { paths: ['first_name'] },
      });
      const minVersion = changed.user?.version ?? 0n;
      expect(minVersion).toBe(2n);
      expect(found(await reads.read(id, { tenantId, minVersion }))).toMatchObject({
        firstName: 'Augusta',
        version: 2n,
      });
    });
  });
}

function found(outcome: ReadOutcome | undefined): User {
  if (!outcome || 'missing' in outcome) throw new Error('The user was expected to be found.');
  return outcome.found;
}
