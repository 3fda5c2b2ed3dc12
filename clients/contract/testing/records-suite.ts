import { randomUUID } from 'node:crypto';
import { timestampDate, timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { type TimelineEntry, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

const at = (ms: number) => timestampFromDate(new Date(Date.UTC(2026, 0, 1) + ms));
// Largest difference between two clocks of one machine. Milliseconds.
const CLOCK_SLACK_MS = 1000;
const labelOf = ({ entry }: TimelineEntry) =>
  entry.case === 'activity' ? entry.value.summary : entry.case === 'note' ? entry.value.text : entry.case;

/** Tests notes, activities, the timeline and statistics. */
export function describeRecords(name: string, subject: () => ServiceSubject): void {
  const seed = async () => {
    const { admin } = subject();
    const tenantId = freshTenant();
    return { ...subject(), tenantId, id: (await seedUser({ admin }, tenantId)).id };
  };
  const activity = (summary: string, ms: number) => ({
    ...{ kind: 'booking.created', source: 'booking', summary, time: at(ms) },
    attributes: { reference: summary, nights: 3 },
  });

  describe(`${name}: notes`, () => {
    it('are listed newest first, each once, also while others are written', async () => {
      const { admin, tenantId, id } = await seed();
      const texts = ['one', 'two', 'three', 'four', 'five'];
      for (const text of texts) await admin.createNote({ tenantId, id, text, author: 'Kim' });
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await admin.listNotes({ tenantId, id, pageSize: 2, pageToken });
        seen.push(...page.notes.map(({ text }) => text));
        pageToken = page.nextPageToken;
        await admin.createNote({ tenantId, id, text: 'later' });
      } while (pageToken !== '');
      // Notes of one millisecond are ordered by their ids, which grow.
      expect(seen).toEqual(texts.toReversed());
    });

    it('are written once per request id, and removed permanently', async () => {
      const { admin, tenantId, id } = await seed();
      const request = { tenantId, id, requestId: randomUUID(), text: 'Likes tea', author: 'Kim' };
      const { note } = await admin.createNote(request);
      expect((await admin.createNote(request)).note).toEqual(note);
      expect((await admin.listNotes({ tenantId, id })).notes).toEqual([note]);
      const other = admin.createNote({ ...request, text: 'Likes coffee' });
      await expectRefusal(other, { code: 'InvalidArgument', reason: 'REQUEST_ID_REUSED' });
      for (let n = 0; n < 2; n++) await admin.deleteNote({ tenantId, id, noteId: note?.id ?? '' });
      await admin.createNote(request);
      expect((await admin.listNotes({ tenantId, id })).notes).toEqual([]);
    });

    it('are removed only with the id of their user', async () => {
      const { admin, tenantId, id } = await seed();
      const { note } = await admin.createNote({ tenantId, id, text: 'stays' });
      const other = await seedUser({ admin }, tenantId);
      await admin.deleteNote({ tenantId, id: other.id, noteId: note?.id ?? '' });
      expect((await admin.listNotes({ tenantId, id })).notes).toHaveLength(1);
    });

    it('fill a page up to the size of a message', async () => {
      const { admin, tenantId, id } = await seed();
      // All characters but the visible one take six bytes in JSON.
      const text = `x${'\u0001'.repeat(9_999)}`;
      for (let n = 0; n < 80; n++) await admin.createNote({ tenantId, id, text });
      const page = await admin.listNotes({ tenantId, id, pageSize: 1000 });
      expect(page.notes.length).toBeGreaterThan(10);
      expect(page.nextPageToken).not.toBe('');
      const rest = await admin.listNotes({ tenantId, id, pageSize: 1000, pageToken: page.nextPageToken });
      expect(page.notes.length + rest.notes.length).toBe(80);
    });
  });

  describe(`${name}: the timeline`, () => {
    it('lists activities and notes with all their content, newest first', async () => {
      const { admin, users, tenantId, id } = await seed();
      for (const [text, ms] of [
        ['second', 2],
        ['first', 1],
        ['third', 3],
      ] as const)
        await admin.recordActivity({ tenantId, id, activity: activity(text, ms) });
      await admin.createNote({ tenantId, id, text: 'now', author: 'Kim' });
      const { entries } = await admin.listTimeline({ tenantId, id });
      expect(entries.map(labelOf)).toEqual(['now', 'third', 'second', 'first']);
      expect(entries[1]).toMatchObject({ time: at(3), entry: { value: activity('third', 3) } });
      expect((await users.getUser({ tenantId, id })).user?.version).toBe(1n);
    });

    it('lists each entry once in pages, also while others are added and many have one time', async () => {
      const { admin, tenantId, id } = await seed();
      for (let n = 0; n < 12; n++)
        await admin.recordActivity({ tenantId, id, activity: activity(`a${n}`, n < 8 ? 5 : n) });
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await admin.listTimeline({ tenantId, id, pageSize: 5, pageToken });
        seen.push(...page.entries.map((entry) => String(labelOf(entry))));
        pageToken = page.nextPageToken;
        await admin.recordActivity({ tenantId, id, activity: activity('newer', 1_000_000) });
        await admin.createNote({ tenantId, id, text: 'newest' });
      } while (pageToken !== '');
      expect(seen).toHaveLength(12);
      expect(new Set(seen)).toEqual(new Set(Array.from({ length: 12 }, (_, n) => `a${n}`)));
    });

    it('end-of-time: lists from the last timestamp to the first in pages, with the time of each record', async () => {
      const { admin, tenantId, id } = await seed();
      const times = ['9999-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z', '0001-01-01T00:00:00.000Z'];
      const before = Date.now() - CLOCK_SLACK_MS;
      for (const time of times.toReversed())
        await admin.recordActivity({
          ...{ tenantId, id },
          activity: { ...activity('end', 0), time: timestampFromDate(new Date(time)) },
        });
      const seen: (string | undefined)[] = [];
      let pageToken = '';
      do {
        const page = await admin.listTimeline({ tenantId, id, pageSize: 1, pageToken });
        for (const { time, recordTime } of page.entries) {
          seen.push(time && timestampDate(time).toISOString());
          expect(recordTime && timestampMs(recordTime)).toBeGreaterThanOrEqual(before);
          expect(recordTime && timestampMs(recordTime)).toBeLessThanOrEqual(Date.now() + CLOCK_SLACK_MS);
        }
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(seen).toEqual(times);
    });

    it('records an activity once per request id', async () => {
      const { admin, tenantId, id } = await seed();
      const request = { tenantId, id, requestId: randomUUID(), activity: activity('once', 1) };
      await Promise.all(Array.from({ length: 5 }, () => admin.recordActivity(request)));
      expect((await admin.listTimeline({ tenantId, id })).entries).toHaveLength(1);
      const other = { ...request, activity: activity('other', 1) };
      await expectRefusal(admin.recordActivity(other), {
        code: 'InvalidArgument',
        reason: 'REQUEST_ID_REUSED',
      });
    });

    it('refuses a page token of another user, and an activity that cannot be stored', async () => {
      const { admin, tenantId, id } = await seed();
      const other = await seedUser({ admin }, tenantId);
      for (const ms of [1, 2]) await admin.recordActivity({ tenantId, id, activity: activity('a', ms) });
      const { nextPageToken } = await admin.listTimeline({ tenantId, id, pageSize: 1 });
      await expectRefusal(admin.listTimeline({ tenantId, id: other.id, pageToken: nextPageToken }), {
        code: 'InvalidArgument',
        reason: 'PAGE_TOKEN_INVALID',
      });
      const spoiled = [
        { ...activity('a', 1), attributes: { text: 'x'.repeat(20_000) } },
        { ...activity('a', 1), attributes: { 'a\0': 1 } },
        { ...activity('a\0', 1) },
        { ...activity('a', 1), kind: 'Booking Created' },
      ];
      for (const each of spoiled) {
        await expectRefusal(admin.recordActivity({ tenantId, id, activity: each }), {
          code: 'InvalidArgument',
          reason: 'FIELD_INVALID',
        });
      }
    });

    it('continues for a deleted user, and ends for an erased one', async () => {
      const { admin, tenantId, id } = await seed();
      await admin.deleteUser({ tenantId, id });
      await admin.recordActivity({ tenantId, id, activity: activity('cancelled', 1) });
      await admin.createNote({ tenantId, id, text: 'why' });
      expect((await admin.listTimeline({ tenantId, id })).entries).toHaveLength(2);
      await admin.eraseUser({ tenantId, id });
      expect((await admin.listTimeline({ tenantId, id })).entries).toEqual([]);
      const refusal = { code: 'FailedPrecondition', reason: 'USER_DELETED' } as const;
      await expectRefusal(admin.recordActivity({ tenantId, id, activity: activity('a', 1) }), refusal);
      await expectRefusal(admin.createNote({ tenantId, id, text: 'a' }), refusal);
      await expectRefusal(admin.recordStatistics({ tenantId, id, source: 'booking' }), refusal);
    });

    it('requires a user of the tenant', async () => {
      const { admin, id } = await seed();
      const elsewhere = { tenantId: freshTenant(), id };
      const refusal = { code: 'NotFound', reason: 'USER_NOT_FOUND' } as const;
      await expectRefusal(admin.listTimeline(elsewhere), refusal);
      await expectRefusal(admin.listNotes(elsewhere), refusal);
      await expectRefusal(admin.createNote({ ...elsewhere, text: 'a' }), refusal);
      await expectRefusal(admin.recordActivity({ ...elsewhere, activity: activity('a', 1) }), refusal);
      await expectRefusal(admin.recordStatistics({ ...elsewhere, source: 'booking' }), refusal);
    });
  });

  describe(`${name}: statistics`, () => {
    it('are the sum over all services, each of which replaces its own report', async () => {
      const { admin, users, tenantId, id } = await seed();
      const booking = {
        ...{ tenantId, id, source: 'booking', revision: 1n, totalBookings: 2n },
        totalSpent: [{ currencyCode: 'EUR', minorUnits: 1999n }],
        ...{ firstBookingTime: at(1), lastBookingTime: at(5), averageRating: 4, totalReviews: 1 },
      };
      await admin.recordStatistics(booking);
      const tours = { ...booking, source: 'tours', firstBookingTime: at(3), lastBookingTime: at(9) };
      await admin.recordStatistics({ ...tours, averageRating: 1, totalReviews: 2 });
      const { user } = await admin.recordStatistics({ ...booking, revision: 2n, totalBookings: 10n });
      expect(user?.version).toBe(4n);
      expect(user).toMatchObject({ averageRating: 2, totalReviews: 3 });
      const { statistics } = user?.profile ?? {};
      expect(statistics).toMatchObject({
        totalBookings: 12n,
        totalSpent: [{ currencyCode: 'EUR', minorUnits: 3998n }],
      });
      const times = [statistics?.firstBookingTime, statistics?.lastBookingTime];
      expect(times.map((time) => time && timestampMs(time))).toEqual([at(1), at(9)].map(timestampMs));
      expect((await users.getUser({ tenantId, id, view: UserView.FULL })).user).toEqual(user);
    });

    it('ignore late reports, and count no report twice', async () => {
      const { admin, tenantId, id } = await seed();
      const report = async (revision: bigint, totalBookings: bigint, requestId = '') => {
        const { user } = await admin.recordStatistics({
          ...{ tenantId, id, requestId, source: 'booking', revision, totalBookings },
        });
        return [user?.version, user?.profile?.statistics?.totalBookings];
      };
      expect(await report(5n, 50n)).toEqual([2n, 50n]);
      expect(await report(4n, 40n)).toEqual([2n, 50n]);
      expect(await report(5n, 50n)).toEqual([2n, 50n]);
      const requestId = randomUUID();
      expect(await report(6n, 60n, requestId)).toEqual([3n, 60n]);
      expect(await report(6n, 60n, requestId)).toEqual([3n, 60n]);
    });

    it('stay when the profile is replaced', async () => {
      const { admin, tenantId, id } = await seed();
      await admin.recordStatistics({ tenantId, id, source: 'booking', totalBookings: 1n });
      const { user } = await admin.updateUser({
        tenantId,
        user: { id, profile: { birthDate: '1815-12-10' } },
        updateMask: { paths: ['profile'] },
      });
      expect(user?.profile).toMatchObject({
        birthDate: '1815-12-10',
        statistics: { totalBookings: 1n },
        tags: [],
      });
    });

    it('have one entry per currency', async () => {
      const { admin, tenantId, id } = await seed();
      const money = { currencyCode: 'EUR', minorUnits: 1n };
      const twice = admin.recordStatistics({ tenantId, id, source: 'booking', totalSpent: [money, money] });
      await expectRefusal(twice, {
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
        fields: ['total_spent'],
      });
    });
  });
}
