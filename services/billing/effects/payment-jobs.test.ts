import { describe, expect, it } from 'vitest';
import type { PaymentChange, PaymentStanding } from '../webhooks/payment-change.ts';
import { paymentJobs } from './payment-jobs.ts';

const now = new Date('2026-11-20T12:00:00Z');
const PENDING: PaymentStanding = { state: 'PENDING', captured: 0, refunded: 0, disputeState: null };
const PAID: PaymentStanding = { ...PENDING, state: 'SUCCEEDED', captured: 1000 };

const change = (init: Partial<PaymentChange>): PaymentChange => ({
  ...{ paymentId: 'p1', intent: 'pi_1', tenantId: 'acme', userId: 'u1', bookingId: 'b1' },
  ...{ currency: 'EUR', amount: 1000, now: PAID, before: PENDING, formerUserId: 'u1' },
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
          ...{ kind: 'payment.succeeded', time: now.toISOString() },
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
    ['a refund', { before: PAID, now: { ...PAID, state: 'PARTIALLY_REFUNDED', refunded: 1 } }, ['refunded']],
    ['a dispute', { before: PAID, now: { ...PAID, disputeState: 'NEEDS_RESPONSE' } }, ['disputed']],
    [
      'a dispute that goes on',
      { before: { ...PAID, disputeState: 'NEEDS_RESPONSE' }, now: { ...PAID, disputeState: 'WON' } },
      [],
    ],
    [
      'all at once',
      { before: null, now: { ...PAID, state: 'REFUNDED', refunded: 1000 } },
      ['succeeded', 'refunded'],
    ],
  ])('tells of %s', (_what, init, kinds) => {
    expect(told([change(init)])).toEqual([
      ...kinds.map((kind) => `user.activity payment.${kind}`),
      ...['booking.payment acme/b1', 'user.statistics acme/u1'],
    ]);
  });

  it('tells of what was given up once, and no figures where nothing came in', () => {
    const given = { ...PENDING, state: 'CANCELED' } as const;
    expect(told([change({ now: given })])).toEqual(['user.activity payment.canceled']);
    expect(told([change({ before: given, now: given })])).toEqual([]);
  });

  it('tells figures once however many payments changed, in one order whatever theirs', () => {
    const changes = ['u2', 'u1', 'u2'].map((userId) =>
      change({ userId, formerUserId: userId, before: PAID }),
    );
    const jobs = ['booking.payment acme/b1', 'user.statistics acme/u1', 'user.statistics acme/u2'];
    expect(told(changes)).toEqual(jobs);
    expect(told(changes.toReversed())).toEqual(jobs);
  });

  it('tells of a payment that becomes a user’s to that user, and whose it was before', () => {
    expect(told([change({ before: null, formerUserId: 'u0', bookingId: null })])).toEqual([
      ...['user.activity payment.succeeded', 'user.statistics acme/u0', 'user.statistics acme/u1'],
    ]);
  });

  it('tells nobody of payments that are nobody’s', () => {
    expect(told([change({ tenantId: null, userId: null, bookingId: null })])).toEqual([]);
  });
});
