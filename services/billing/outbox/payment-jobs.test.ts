import { describe, expect, it } from 'vitest';
import { NO_TIMES } from '../ledger/payment-times.ts';
import type { PaymentChange, PaymentStanding } from '../webhooks/apply/payment-change.ts';
import { paymentJobs } from './payment-jobs.ts';

const now = new Date('2026-11-20T12:00:00Z');
const PENDING: PaymentStanding = {
  ...{ state: 'PENDING', captured: 0, refunded: 0, everRefunded: 0, disputeState: null },
};
const refunded = (state: PaymentStanding['state'], amount: number, ever = amount): PaymentStanding => ({
  ...PAID,
  ...{ state, refunded: amount, everRefunded: ever },
});
const HAPPENED = {
  captured: 1_767_225_600,
  refunded: 1_767_225_700,
  disputed: 1_767_225_800,
  canceled: 1_767_225_900,
};
const PAID: PaymentStanding = { ...PENDING, state: 'SUCCEEDED', captured: 1000 };

const OWNER = { tenantId: 'acme', userId: 'u1', bookingId: 'b1' };
const change = (init: Partial<PaymentChange>): PaymentChange => ({
  ...{ paymentId: 'p1', intent: 'pi_1', ...OWNER, previousOwner: OWNER },
  ...{ currency: 'EUR', amount: 1000, current: PAID, previous: PENDING, times: HAPPENED },
  ...init,
});

const jobsFor = (changes: readonly PaymentChange[]) =>
  paymentJobs(changes, now).map(({ task, key, payload }) => {
    const { kind } = (payload.activity ?? {}) as { kind?: string };
    return kind ? `${task} ${kind}` : `${task} ${key}`;
  });

describe('paymentJobs', () => {
  it('report a capture: the statistics of the user, the booking, and the activity', () => {
    const [activity, ...rest] = paymentJobs([change({})], now);
    expect(activity).toMatchObject({
      task: 'user.activity',
      payload: {
        ...{ tenantId: 'acme', userId: 'u1', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        activity: {
          ...{ kind: 'payment.succeeded', time: '2026-01-01T00:00:00.000Z' },
          attributes: { payment_id: 'p1', currency: 'EUR', minor_units: 1000 },
        },
      },
    });
    expect(rest.map(({ task, key }) => [task, key])).toEqual([
      ['booking.payment', 'acme/b1'],
      ['user.statistics', 'acme/u1'],
    ]);
  });

  it.each<[string, Partial<PaymentChange>, string[]]>([
    ['a refund', { previous: PAID, current: refunded('PARTIALLY_REFUNDED', 1) }, ['refunded']],
    ['a dispute', { previous: PAID, current: { ...PAID, disputeState: 'NEEDS_RESPONSE' } }, ['disputed']],
    [
      'a dispute that goes on',
      { previous: { ...PAID, disputeState: 'NEEDS_RESPONSE' }, current: { ...PAID, disputeState: 'WON' } },
      [],
    ],
    [
      'refund-by-charge: not a refund that was reported before, and is reported again once it is no longer pending',
      { previous: refunded('SUCCEEDED', 0, 500), current: refunded('PARTIALLY_REFUNDED', 500) },
      [],
    ],
    [
      'refund-by-charge: a refund after a failed one',
      { previous: refunded('SUCCEEDED', 0, 500), current: refunded('PARTIALLY_REFUNDED', 500, 1000) },
      ['refunded'],
    ],
    ['all at once', { previous: null, current: refunded('REFUNDED', 1000) }, ['succeeded', 'refunded']],
  ])('report %s', (_what, init, kinds) => {
    expect(jobsFor([change(init)])).toEqual([
      ...kinds.map((kind) => `user.activity payment.${kind}`),
      ...['booking.payment acme/b1', 'user.statistics acme/u1'],
    ]);
  });

  it('activity-time: have the time of each activity, or else the time of the transaction', () => {
    const all = {
      previous: null,
      current: { ...refunded('REFUNDED', 1000), disputeState: 'LOST' },
    } as const;
    const times = (init: Partial<PaymentChange>) =>
      paymentJobs([change({ ...all, ...init })], now).flatMap(({ payload }) => {
        const { kind, time } = (payload.activity ?? {}) as { kind?: string; time?: string };
        return kind ? [[kind, time]] : [];
      });
    expect(times({})).toEqual([
      ['payment.succeeded', '2026-01-01T00:00:00.000Z'],
      ['payment.refunded', '2026-01-01T00:01:40.000Z'],
      ['payment.disputed', '2026-01-01T00:03:20.000Z'],
    ]);
    expect(new Set(times({ times: NO_TIMES }).map(([, time]) => time))).toEqual(new Set([now.toISOString()]));
  });

  it('report a cancellation once, and no statistics without a capture', () => {
    const given = { ...PENDING, state: 'CANCELED' } as const;
    expect(jobsFor([change({ current: given })])).toEqual(['user.activity payment.canceled']);
    expect(jobsFor([change({ previous: given, current: given })])).toEqual([]);
  });

  it('report statistics once for any number of payments, in a fixed order', () => {
    const changes = ['u2', 'u1', 'u2'].map((userId) =>
      change({ userId, previousOwner: { ...OWNER, userId }, previous: PAID }),
    );
    const jobs = ['booking.payment acme/b1', 'user.statistics acme/u1', 'user.statistics acme/u2'];
    expect(jobsFor(changes)).toEqual(jobs);
    expect(jobsFor(changes.toReversed())).toEqual(jobs);
  });

  it('report a payment with a new owner to the new and the previous owner', () => {
    const former = { tenantId: 'elsewhere', userId: 'u0', bookingId: null };
    expect(jobsFor([change({ previous: null, previousOwner: former, bookingId: null })])).toEqual([
      ...['user.activity payment.succeeded', 'user.statistics acme/u1', 'user.statistics elsewhere/u0'],
    ]);
  });

  it('refund-by-charge: report to the booking of a payment and to the previous booking', () => {
    const jobs = ['booking.payment acme/b0', 'booking.payment acme/b1', 'user.statistics acme/u1'];
    const former = { ...OWNER, bookingId: 'b0' };
    expect(jobsFor([change({ previous: PAID, previousOwner: former })])).toEqual(jobs);
    expect(jobsFor([change({ previous: PAID, previousOwner: former, bookingId: null })])).toEqual([
      jobs[0],
      jobs[2],
    ]);
  });

  it('do not report payments without an owner', () => {
    expect(jobsFor([change({ tenantId: null, userId: null, bookingId: null })])).toEqual([]);
  });
});
