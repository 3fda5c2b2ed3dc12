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

const told = (changes: readonly PaymentChange[]) =>
  paymentJobs(changes, now).map(({ task, key, payload }) => {
    const { kind } = (payload.activity ?? {}) as { kind?: string };
    return kind ? `${task} ${kind}` : `${task} ${key}`;
  });

describe('paymentJobs', () => {
  it('tells of money that came in: the user’s figures, the booking, and what happened', () => {
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
      'refund-by-charge: a refund that was told before, and is told again once it is no longer pending,',
      { previous: refunded('SUCCEEDED', 0, 500), current: refunded('PARTIALLY_REFUNDED', 500) },
      [],
    ],
    [
      'refund-by-charge: a refund after one that failed',
      { previous: refunded('SUCCEEDED', 0, 500), current: refunded('PARTIALLY_REFUNDED', 500, 1000) },
      ['refunded'],
    ],
    ['all at once', { previous: null, current: refunded('REFUNDED', 1000) }, ['succeeded', 'refunded']],
  ])('tells of %s', (_what, init, kinds) => {
    expect(told([change(init)])).toEqual([
      ...kinds.map((kind) => `user.activity payment.${kind}`),
      ...['booking.payment acme/b1', 'user.statistics acme/u1'],
    ]);
  });

  it('activity-time: tells when each of what happened at once happened, and else when it was learned of', () => {
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

  it('tells of what was given up once, and no figures where nothing came in', () => {
    const given = { ...PENDING, state: 'CANCELED' } as const;
    expect(told([change({ current: given })])).toEqual(['user.activity payment.canceled']);
    expect(told([change({ previous: given, current: given })])).toEqual([]);
  });

  it('tells figures once however many payments changed, in one order whatever theirs', () => {
    const changes = ['u2', 'u1', 'u2'].map((userId) =>
      change({ userId, previousOwner: { ...OWNER, userId }, previous: PAID }),
    );
    const jobs = ['booking.payment acme/b1', 'user.statistics acme/u1', 'user.statistics acme/u2'];
    expect(told(changes)).toEqual(jobs);
    expect(told(changes.toReversed())).toEqual(jobs);
  });

  it('tells of a payment that becomes a user’s to that user, and whose it was before', () => {
    const former = { tenantId: 'elsewhere', userId: 'u0', bookingId: null };
    expect(told([change({ previous: null, previousOwner: former, bookingId: null })])).toEqual([
      ...['user.activity payment.succeeded', 'user.statistics acme/u1', 'user.statistics elsewhere/u0'],
    ]);
  });

  it('refund-by-charge: tells the booking that a payment is for, and the one that it was for before', () => {
    const jobs = ['booking.payment acme/b0', 'booking.payment acme/b1', 'user.statistics acme/u1'];
    const former = { ...OWNER, bookingId: 'b0' };
    expect(told([change({ previous: PAID, previousOwner: former })])).toEqual(jobs);
    expect(told([change({ previous: PAID, previousOwner: former, bookingId: null })])).toEqual([
      jobs[0],
      jobs[2],
    ]);
  });

  it('tells nobody of payments that are nobody’s', () => {
    expect(told([change({ tenantId: null, userId: null, bookingId: null })])).toEqual([]);
  });
});
