import { randomUUID } from 'node:crypto';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { UserView } from '@rollcall/user-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OutboxUnderTest, startOutboxUnderTest } from '../testing/start-outbox.ts';
import { activityJob, STATISTICS_TASK, statisticsJob } from './user-jobs.ts';
import type { UserStatistics } from './user-tasks.ts';

const tenantId = 'acme';
let effects: OutboxUnderTest;
/** The statistics of the service by user. */
let figures: Map<string, UserStatistics>;

beforeEach(async () => {
  figures = new Map();
  effects = await startOutboxUnderTest(async (_tenantId, userId) => figures.get(userId) ?? {});
});
afterEach(() => effects[Symbol.asyncDispose]());

const activityOf = (userId: string, kind: string, requestId = randomUUID()) =>
  activityJob({ tenantId, userId, requestId, activity: { kind, time: new Date() } });

async function timelineOf(id: string): Promise<(string | undefined)[]> {
  const { entries } = await effects.auth.admin.listTimeline({ tenantId, id });
  return entries.map(({ entry }) => (entry.case === 'activity' ? entry.value.kind : entry.case)).sort();
}

async function statisticsOf(id: string) {
  const { user } = await effects.auth.users.getUser({ tenantId, id, view: UserView.FULL });
  return user?.profile?.statistics;
}

describe('a report to the user service', () => {
  it('arrives: statistics as of the moment of the call, each activity once', async () => {
    const userId = await effects.auth.createUser(tenantId);
    const requestId = randomUUID();
    figures.set(userId, { totalBookings: 3n, totalSpent: [{ currencyCode: 'EUR', minorUnits: 900n }] });
    const job = activityOf(userId, 'booking.created', requestId);
    await effects.add(job, job, activityOf(userId, 'booking.paid'), statisticsJob({ tenantId, userId }));
    await effects.drained();
    expect(await effects.outbox.listDead()).toEqual([]);
    expect(await timelineOf(userId)).toEqual(['booking.created', 'booking.paid']);
    expect(await statisticsOf(userId)).toMatchObject({
      totalBookings: 3n,
      totalSpent: [{ currencyCode: 'EUR', minorUnits: 900n }],
    });
  });

  it('activity-time: keeps the time of the activity beside the time of its record, also through a merge', async () => {
    const [userId, survivorId] = await Promise.all([1, 2].map(() => effects.auth.createUser(tenantId)));
    const [before, time] = [Date.now(), new Date('2026-01-01T23:16:00.123Z')];
    const activity = { kind: 'payment.succeeded', time };
    await effects.add(activityJob({ tenantId, userId: userId ?? '', requestId: randomUUID(), activity }));
    await effects.drained();
    const timesOf = async (id = '') => {
      const { entries } = await effects.auth.admin.listTimeline({ tenantId, id });
      return entries.flatMap(({ entry, time: happened, recordTime }) =>
        entry.case === 'activity' && happened && recordTime ? [[happened, recordTime].map(timestampMs)] : [],
      );
    };
    const [times] = await timesOf(userId);
    expect(times?.[0]).toBe(time.getTime());
    expect(times?.[1]).toBeGreaterThanOrEqual(before);
    await effects.auth.admin.mergeUsers({
      tenantId,
      plan: { survivorId: survivorId ?? '', loserId: userId ?? '' },
      requestId: randomUUID(),
    });
    expect(await timesOf(survivorId)).toEqual([times]);
  });

  // Two starts of a process take long on a busy machine.
  it('waits while the user service is down, and adds up afterwards', { timeout: 60_000 }, async () => {
    const users = await Promise.all([1, 2, 3].map(() => effects.auth.createUser(tenantId)));
    await effects.auth.kill();
    for (let n = 1; n <= 4; n++) {
      for (const userId of users) {
        figures.set(userId, { totalBookings: BigInt(n) });
        await effects.add(activityOf(userId, `booking.n${n}`), statisticsJob({ tenantId, userId }));
      }
    }
    // Long enough for some jobs to have tried.
    const tried = () =>
      effects.outbox.readings().some(({ labels, value }) => labels.outcome === 'away' && value > 1);
    while (!tried()) await new Promise((resolve) => setTimeout(resolve, 20));
    await effects.auth.start();
    await effects.drained();
    expect(await effects.outbox.listDead()).toEqual([]);
    for (const userId of users) {
      expect(await timelineOf(userId)).toEqual(['booking.n1', 'booking.n2', 'booking.n3', 'booking.n4']);
      expect((await statisticsOf(userId))?.totalBookings).toBe(4n);
    }
  });

  it('becomes a dead job when the user is unknown', async () => {
    const userId = randomUUID();
    await effects.add(activityOf(userId, 'booking.created'), statisticsJob({ tenantId, userId }));
    await effects.drained();
    const dead = await effects.outbox.listDead();
    expect(dead.map(({ task }) => task).sort()).toEqual(['user.activity', 'user.statistics']);
  });

  it('is dropped when the user was erased', async () => {
    const userId = await effects.auth.createUser(tenantId);
    await effects.auth.admin.eraseUser({ tenantId, id: userId, requestId: randomUUID() });
    await effects.add(activityOf(userId, 'booking.created'), statisticsJob({ tenantId, userId }));
    await effects.drained();
    expect(await effects.outbox.listDead()).toEqual([]);
  });
});

describe('statistics', () => {
  it('that were read early and arrive late replace no newer ones', async () => {
    const userId = await effects.auth.createUser(tenantId);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: reading, resolve: read } = Promise.withResolvers<void>();
    const readSlowly = async () => {
      read();
      await gate;
      return { totalBookings: 1n };
    };
    const signal = new AbortController().signal;
    const late = effects
      .tasksWith(readSlowly)
      [STATISTICS_TASK]?.({ tenantId, userId }, { signal, attempt: 1, isLast: false });
    await reading;
    figures.set(userId, { totalBookings: 2n });
    await effects.add(statisticsJob({ tenantId, userId }));
    await effects.drained();
    open();
    await late;
    expect((await statisticsOf(userId))?.totalBookings).toBe(2n);
  });

  it('are counted once after a merge, whichever id they were reported under', async () => {
    const { admin, createUser } = effects.auth;
    const [survivorId, loserId] = [await createUser(tenantId), await createUser(tenantId)];
    figures.set(survivorId, { totalBookings: 2n });
    figures.set(loserId, { totalBookings: 5n });
    const tellBoth = async () => {
      for (const userId of [survivorId, loserId]) await effects.add(statisticsJob({ tenantId, userId }));
      await effects.drained();
    };
    await tellBoth();
    await admin.mergeUsers({ tenantId, plan: { survivorId, loserId }, requestId: randomUUID() });
    await tellBoth();
    expect((await statisticsOf(survivorId))?.totalBookings).toBe(7n);
  });

  it('follow a database that is restored from a backup', async () => {
    const userId = await effects.auth.createUser(tenantId);
    figures.set(userId, { totalBookings: 9n });
    await effects.add(statisticsJob({ tenantId, userId }));
    await effects.drained();
    await effects.pool.query('delete from told_statistics');
    figures.set(userId, { totalBookings: 8n });
    await effects.add(statisticsJob({ tenantId, userId }));
    await effects.drained();
    expect((await statisticsOf(userId))?.totalBookings).toBe(8n);
  });
});
