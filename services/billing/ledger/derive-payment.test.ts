import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutations } from '../testing/permutations.ts';
import {
  refundedAndDisputed,
  type StoryEvent,
  type StoryOptions,
  storyEvents,
  WITHDRAWN,
} from '../testing/stripe-story.ts';
import { readWebhookEvent } from '../webhooks/receive/webhook-event.ts';
import { derivePayment } from './derive-payment.ts';
import { chargeOf, intentOf } from './payment-key.ts';
import { joinSnapshots, type Snapshot, snapshotOfRead } from './snapshot.ts';
import { lifecyclePosition } from './snapshot-order.ts';

/** The newest snapshots after these events, in this order. */
function snapshotsAfter(events: readonly StoryEvent[]): Map<string, Snapshot> {
  const known = new Map<string, Snapshot>();
  for (const each of events.flatMap(snapshotsOf)) {
    const before = known.get(each.id);
    known.set(each.id, before ? joinSnapshots(before, each) : each);
  }
  return known;
}

const read = new Map<StoryEvent, Snapshot[]>();

function snapshotsOf(event: StoryEvent): Snapshot[] {
  const found = read.get(event) ?? toSnapshots(event);
  read.set(event, found);
  return found;
}

function toSnapshots(event: StoryEvent): Snapshot[] {
  const { payload, type, created } = readWebhookEvent(JSON.stringify(event));
  return payload.map(({ kind, id, facts: fields, digest }) => ({
    kind,
    id,
    fields,
    key: { ...lifecyclePosition(kind, fields, type), asOf: created ?? 0, digest },
    ambiguous: false,
  }));
}

const paymentAfter = (events: readonly StoryEvent[]) =>
  derivePayment(
    'pi_p',
    [...snapshotsAfter(events).values()].filter((each) => !/customer/.test(each.kind)),
  );

const story = (options: Partial<StoryOptions> = {}) => storyEvents({ name: 'p', ...options });
const CAPTURED = { captured: true, amount_captured: 1999 };
const SUCCEEDED = { status: 'succeeded', amount_received: 1999 };

describe('a payment with a refund and a dispute', () => {
  it.each([
    ['a while apart', 10],
    ['all in one second', 0],
  ])('has one final state for every order of its events, %s, each once or twice', (_, stepS) => {
    const events = refundedAndDisputed({ name: 'p', stepS });
    const expected = paymentAfter(events);
    expect(expected).toMatchObject({
      state: 'PARTIALLY_REFUNDED',
      captured: 1999,
      refunded: 499,
      unseenRefunds: 0,
      disputeState: 'LOST',
      refunds: [{ state: 'SUCCEEDED', held: false, amount: 499 }],
      disputes: [{ state: 'LOST', withdrawn: 1999 }],
    });
    const wanted = JSON.stringify(expected);
    let orders = 0;
    for (const order of permutations(events)) {
      orders += 1;
      if (JSON.stringify(paymentAfter(order)) !== wanted) expect(order.map((each) => each.type)).toEqual([]);
      const twice = [...order, ...order.toReversed()];
      if (JSON.stringify(paymentAfter(twice)) !== wanted) expect(twice.map((each) => each.type)).toEqual([]);
    }
    expect(orders).toBe(5040);
  });
});

describe('a payment', () => {
  it('does not exist while neither its intent nor a charge is known', () => {
    expect(paymentAfter([story().refund('refund.created', {})])).toBeUndefined();
  });

  it('holds a refund until a capture that covers it is known', () => {
    const factory = story();
    const refund = factory.refund('refund.created', {});
    const created = factory.intent('payment_intent.created', {});
    expect(paymentAfter([refund, created])).toMatchObject({
      state: 'PENDING',
      refunded: 0,
      refunds: [{ held: true }],
    });
    const succeeded = factory.intent('payment_intent.succeeded', SUCCEEDED);
    expect(paymentAfter([refund, created, succeeded])).toMatchObject({
      state: 'REFUNDED',
      refunded: 1999,
      refunds: [{ held: false }],
    });
  });

  it('is paid again when a succeeded refund fails', () => {
    const factory = story();
    const events = [
      factory.intent('payment_intent.succeeded', SUCCEEDED),
      factory.charge('charge.succeeded', CAPTURED),
      factory.refund('refund.created', {}),
      factory.refund('refund.failed', { status: 'failed', failure_reason: 'lost_or_stolen_card' }),
    ];
    expect(paymentAfter(events.slice(0, 3))?.state).toBe('REFUNDED');
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({ state: 'SUCCEEDED', refunded: 0 });
  });

  it('is paid by the succeeded charge, whatever failed before it', () => {
    const factory = story();
    const failed = { status: 'failed', failure_code: 'card_declined' };
    const events = [
      factory.charge('charge.failed', failed, 1),
      factory.intent('payment_intent.payment_failed', {
        last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
      }),
      factory.charge('charge.succeeded', CAPTURED, 2),
      factory.intent('payment_intent.succeeded', SUCCEEDED),
    ];
    expect(paymentAfter(events.slice(0, 1))).toMatchObject({
      state: 'PENDING',
      failureCode: 'card_declined',
    });
    expect(paymentAfter(events.slice(0, 2))).toMatchObject({ failureCode: 'insufficient_funds' });
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({ state: 'SUCCEEDED', captured: 1999, failureCode: null });
  });

  it('counts the captured amount, not the reserved one', () => {
    const factory = story({ amount: 1000, currency: 'jpy' });
    const events = [
      factory.charge('charge.succeeded', {}),
      factory.intent('payment_intent.amount_capturable_updated', { status: 'requires_capture' }),
      factory.charge('charge.captured', { captured: true, amount_captured: 600, amount_refunded: 400 }),
      factory.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: 600 }),
      factory.refund('refund.created', { amount: 400, balance_transaction: null }, 1),
      factory.refund('refund.created', { amount: 100 }, 2),
    ];
    expect(paymentAfter(events.slice(0, 1))).toMatchObject({ state: 'AUTHORIZED', captured: 0 });
    expect(paymentAfter(events.slice(0, 2))).toMatchObject({ state: 'AUTHORIZED', captured: 0 });
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({
        state: 'PARTIALLY_REFUNDED',
        amount: 1000,
        captured: 600,
        refunded: 100,
        unseenRefunds: 0,
        currency: 'JPY',
      });
  });

  it('is canceled when nothing was captured, and a released reservation is not a refund', () => {
    const factory = story();
    const events = [
      factory.charge('charge.succeeded', {}),
      factory.intent('payment_intent.canceled', { status: 'canceled' }),
      factory.charge('charge.refunded', { amount_refunded: 1999, refunded: true }),
      factory.refund('refund.created', { balance_transaction: null }),
    ];
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({
        state: 'CANCELED',
        captured: 0,
        refunded: 0,
        unseenRefunds: 0,
      });
  });

  it('refund-by-charge: counts the refunded amount of a charge when no known refund explains it', () => {
    const factory = story();
    const charge = factory.charge('charge.refunded', {
      ...CAPTURED,
      amount_refunded: 500,
    });
    expect(paymentAfter([charge])).toMatchObject({
      ...{
        state: 'PARTIALLY_REFUNDED',
        refunded: 500,
        unseenRefunds: 500,
        refunds: [],
      },
    });
    const refund = factory.refund('refund.created', {
      amount: 500,
      status: 'pending',
    });
    expect(paymentAfter([charge, refund])).toMatchObject({
      state: 'SUCCEEDED',
      refunded: 0,
      unseenRefunds: 0,
    });
  });

  it('reads the refunds that older API versions embed in the charge', () => {
    const factory = story({ apiVersion: '2020-08-27' });
    const refund = {
      id: 're_old',
      object: 'refund',
      amount: 300,
      currency: 'eur',
      created: 1,
      status: 'succeeded',
    };
    const charge = factory.charge('charge.refunded', {
      ...CAPTURED,
      amount_refunded: 300,
      refunds: { object: 'list', data: [{ ...refund, charge: 'ch_p_1', payment_intent: 'pi_p' }] },
    });
    expect(paymentAfter([charge])).toMatchObject({
      state: 'PARTIALLY_REFUNDED',
      refunded: 300,
    });
  });

  it('refund-by-charge: counts a refund once, whichever event reports it and in any order', () => {
    for (const stepS of [0, 1, 10]) {
      const factory = story({ stepS });
      const gone = { ...CAPTURED, amount_refunded: 500 };
      const events = [
        factory.intent('payment_intent.succeeded', SUCCEEDED),
        factory.charge('charge.succeeded', CAPTURED),
        factory.charge('charge.refunded', gone),
        factory.refund('refund.created', { amount: 500, status: 'pending' }),
        factory.refund('refund.updated', { amount: 500 }),
        factory.charge('charge.updated', gone),
      ];
      expect(paymentAfter(events.slice(0, 3))).toMatchObject({
        refunded: 500,
        unseenRefunds: 500,
      });
      for (const order of permutations(events))
        expect(paymentAfter([...order, ...order.toReversed()])).toMatchObject({
          ...{ state: 'PARTIALLY_REFUNDED', refunded: 500, unseenRefunds: 0 },
        });
    }
  });

  it('refund-by-charge: adds refunds that only the charge reports to the known ones', () => {
    const factory = story();
    const events = [
      factory.charge('charge.succeeded', CAPTURED),
      factory.refund('refund.created', { amount: 300 }, 1),
      factory.charge('charge.refunded', { ...CAPTURED, amount_refunded: 1999 }),
      factory.refund('refund.created', { amount: 200, status: 'pending' }, 2),
    ];
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({
        ...{ state: 'PARTIALLY_REFUNDED', refunded: 1799, unseenRefunds: 1499 },
      });
  });

  it.each(['failed', 'canceled'])('refund-by-charge: returns the amount of a refund that %s', (status) => {
    for (const stepS of [0, 10]) {
      const factory = story({ stepS });
      const events = [
        factory.intent('payment_intent.succeeded', SUCCEEDED),
        factory.charge('charge.refunded', {
          ...CAPTURED,
          amount_refunded: 1999,
        }),
        factory.refund('refund.created', {}),
        factory.refund('charge.refund.updated', { status }),
      ];
      for (const order of permutations(events))
        expect(paymentAfter(order)).toMatchObject({
          state: 'SUCCEEDED',
          refunded: 0,
          unseenRefunds: 0,
        });
    }
  });

  it.each(['failed', 'canceled'])(
    'refund-by-charge: leaves the whole amount refundable after a refund that %s, by a refund or by the charge',
    (status) => {
      const factory = story();
      const events = [
        factory.intent('payment_intent.succeeded', SUCCEEDED),
        factory.charge('charge.refunded', { ...CAPTURED, amount_refunded: 1999 }),
        factory.refund('charge.refund.updated', { status }, 1),
        factory.charge('charge.refunded', {
          ...CAPTURED,
          amount_refunded: 1999,
          refunded: true,
        }),
      ];
      for (const order of permutations(events))
        expect(paymentAfter(order)).toMatchObject({
          ...{ state: 'REFUNDED', refunded: 1999, unseenRefunds: 1999 },
          refunds: [{ held: false }],
        });
      const second = factory.refund('refund.created', {}, 2);
      for (const order of permutations([...events, second]))
        expect(paymentAfter(order)).toMatchObject({
          ...{ state: 'REFUNDED', refunded: 1999, unseenRefunds: 0 },
          refunds: [{ held: false }, { held: false }],
        });
    },
  );

  it('refund-by-charge: never counts more than the captured amount, whatever the charge reports', () => {
    const factory = story();
    const events = [
      factory.charge('charge.refunded', { ...CAPTURED, amount_refunded: 5000 }),
      factory.refund('refund.created', { amount: 700, status: 'pending' }),
    ];
    expect(paymentAfter(events)).toMatchObject({
      refunded: 1299,
      unseenRefunds: 1299,
    });
  });

  it('refund-by-charge: keeps the refunds of several charges of a payment apart', () => {
    const factory = story({ amount: 3000 });
    const half = { captured: true, amount: 1500, amount_captured: 1500 };
    const events = [
      factory.charge('charge.refunded', { ...half, amount_refunded: 100 }, 1),
      factory.charge('charge.refunded', { ...half, amount_refunded: 250 }, 2),
      factory.refund('refund.created', { charge: 'ch_p_1', amount: 100 }, 1),
      factory.refund('refund.created', { charge: null, amount: 50 }, 2),
    ];
    expect(paymentAfter(events.slice(0, 2))).toMatchObject({ refunded: 350 });
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({
        refunded: 350,
        unseenRefunds: 200,
      });
  });

  it.each([
    ['latest_charge', (charge: object) => ({ latest_charge: charge })],
    ['charges', (charge: object) => ({ charges: { object: 'list', data: [charge] } })],
  ])('refund-by-charge: reads the charge embedded in a payment intent as %s', (_, place) => {
    const factory = story();
    const { object } = factory.charge('charge.refunded', {
      ...CAPTURED,
      amount_refunded: 500,
    }).data;
    const refund = {
      id: 're_p_1',
      amount: 200,
      currency: 'eur',
      created: 1,
      status: 'succeeded',
    };
    const withRefund = {
      ...object,
      refunds: { object: 'list', data: [refund] },
    };
    const events = [
      factory.charge('charge.succeeded', CAPTURED),
      factory.intent('payment_intent.updated', {
        ...SUCCEEDED,
        ...place(withRefund),
      }),
    ];
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({
        ...{
          refunded: 500,
          unseenRefunds: 300,
          refunds: [{ stripeId: 're_p_1', amount: 200 }],
        },
      });
  });

  it('refund-by-charge: reads the expanded charge and intent of a refund or a dispute', () => {
    const factory = story();
    const { object: charge } = factory.charge('charge.refunded', {
      ...CAPTURED,
      amount_refunded: 500,
    }).data;
    const { object: intent } = factory.intent('payment_intent.succeeded', SUCCEEDED).data;
    const expanded = { charge, payment_intent: intent };
    expect(paymentAfter([factory.refund('refund.updated', { amount: 400, ...expanded })])).toMatchObject({
      ...{
        state: 'PARTIALLY_REFUNDED',
        captured: 1999,
        refunded: 500,
        unseenRefunds: 100,
      },
    });
    expect(paymentAfter([factory.dispute('charge.dispute.created', expanded)])).toMatchObject({
      ...{ refunded: 500, disputeState: 'NEEDS_RESPONSE' },
    });
  });

  it('follows a dispute through its funds, an appeal and back', () => {
    const factory = story();
    const paid = factory.intent('payment_intent.succeeded', SUCCEEDED);
    const events = [
      factory.dispute('charge.dispute.created', { status: 'warning_needs_response' }),
      factory.dispute('charge.dispute.updated', {}),
      factory.dispute('charge.dispute.funds_withdrawn', { balance_transactions: WITHDRAWN }),
      factory.dispute('charge.dispute.closed', { status: 'lost', balance_transactions: WITHDRAWN }),
      factory.dispute('charge.dispute.updated', {
        status: 'appeal_under_review',
        balance_transactions: WITHDRAWN,
      }),
      factory.dispute('charge.dispute.funds_reinstated', {
        status: 'won',
        balance_transactions: [...WITHDRAWN, { amount: 1999 }],
      }),
    ];
    const seen = events.map((_, index) => paymentAfter([paid, ...events.slice(0, index + 1)])?.disputes[0]);
    expect(seen.map((each) => [each?.state, each?.withdrawn])).toEqual([
      ['WARNING', 0],
      ['NEEDS_RESPONSE', 0],
      ['NEEDS_RESPONSE', 1999],
      ['LOST', 1999],
      ['APPEAL_UNDER_REVIEW', 1999],
      ['WON', 0],
    ]);
    for (const order of permutations(events))
      expect(paymentAfter([...order, paid])).toMatchObject({ disputeState: 'WON', state: 'SUCCEEDED' });
  });

  it('leaves out objects in another currency, in any order', () => {
    const factory = story();
    const events = [
      factory.refund('refund.created', { currency: 'usd', amount: 100 }),
      factory.intent('payment_intent.succeeded', SUCCEEDED),
    ];
    for (const order of permutations(events))
      expect(paymentAfter(order)).toMatchObject({
        state: 'SUCCEEDED',
        refunds: [],
        mixedCurrency: ['re_p_1'],
      });
  });
});

describe('money without a payment intent', () => {
  const without = { payment_intent: null };
  const after = (events: readonly StoryEvent[], key = 'ch_p_1') =>
    derivePayment(
      key,
      [...snapshotsAfter(events).values()].filter((each) => intentOf(each) === key || chargeOf(each) === key),
    );

  it('charge-without-intent: is a payment with its charge as key, with refunds and disputes, in any order', () => {
    const metadata = { tenant_id: 'acme', user_id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
    const factory = story({ metadata });
    const events = [
      factory.charge('charge.pending', { ...without, status: 'pending' }),
      factory.charge('charge.succeeded', { ...CAPTURED, ...without }),
      factory.charge('charge.refunded', { ...CAPTURED, ...without, amount_refunded: 500 }),
      factory.refund('refund.created', { ...without, amount: 500 }),
      factory.dispute('charge.dispute.created', without),
    ];
    for (const order of permutations(events))
      expect(after(order)).toMatchObject({
        ...{ intent: 'ch_p_1', charge: 'ch_p_1', invoice: null, state: 'PARTIALLY_REFUNDED' },
        ...{ captured: 1999, refunded: 500, unseenRefunds: 0, disputeState: 'NEEDS_RESPONSE' },
        owner: { ...metadata, booking_id: null },
      });
  });

  it.each<[string, string, Record<string, unknown>, object]>([
    ['waits', 'charge.pending', { status: 'pending' }, { state: 'PROCESSING', captured: 0 }],
    [
      'failed',
      'charge.failed',
      { status: 'failed', failure_code: 'card_declined' },
      { state: 'PENDING', failureCode: 'card_declined' },
    ],
    ['is set aside', 'charge.succeeded', {}, { state: 'AUTHORIZED', captured: 0, amount: 1999 }],
    ['was captured', 'charge.captured', CAPTURED, { state: 'SUCCEEDED', captured: 1999 }],
    [
      'was captured in part',
      'charge.captured',
      { captured: true, amount_captured: 600, amount_refunded: 1399 },
      { state: 'SUCCEEDED', captured: 600, refunded: 0 },
    ],
    [
      'was let go',
      'charge.expired',
      { amount_refunded: 1999 },
      { state: 'CANCELED', captured: 0, refunded: 0 },
    ],
  ])('charge-without-intent: follows a charge that %s', (_, type, change, expected) => {
    expect(after([story().charge(type, { ...without, ...change })])).toMatchObject(expected);
  });

  const invoice = (change: Record<string, unknown>): StoryEvent => {
    const event = story().intent('invoice.paid', {
      ...{ id: 'in_1', object: 'invoice', status: 'paid', amount_paid: 1999, amount_received: undefined },
      ...change,
    });
    return event;
  };

  it('charge-without-intent: is a payment of an invoice that was paid by no intent or charge', () => {
    for (const change of [
      { payment_intent: null, charge: null },
      { paid_out_of_band: true },
      { paid_out_of_band: true, payment_intent: 'pi_p', charge: null },
      { payments: { data: [{ payment: { type: 'payment_record', payment_record: 'pr_1' } }] } },
    ])
      expect(after([invoice(change)], 'in_1')).toMatchObject({
        ...{ state: 'SUCCEEDED', captured: 1999, amount: 1999, charge: null, invoice: 'in_1' },
      });
  });

  it('charge-without-intent: is one payment when an invoice and its charge report it', () => {
    for (const change of [
      { payment_intent: null, charge: 'ch_p_1' },
      { payments: { data: [{ payment: { type: 'charge', charge: 'ch_p_1' } }] } },
    ]) {
      const paid = invoice(change);
      const charge = story().charge('charge.succeeded', { ...CAPTURED, ...without });
      const expected = { state: 'SUCCEEDED', captured: 1999, charge: 'ch_p_1', invoice: null };
      expect(after([paid])).toMatchObject(expected);
      for (const order of permutations([paid, charge])) expect(after(order)).toMatchObject(expected);
    }
  });

  it('charge-without-intent: does not follow from an invoice paid by an intent, unpaid, or paid in an unknown way', () => {
    for (const change of [
      { payment_intent: 'pi_p', charge: 'ch_p_1' },
      { payment_intent: 'pi_p', charge: 'ch_p_1', paid_out_of_band: true },
      { payment_intent: null, status: 'open' },
      { payment_intent: null, amount_paid: 0 },
      { payments: { data: [{ payment: { type: 'payment_intent', payment_intent: 'pi_p' } }] } },
      {},
    ])
      expect(after([invoice(change)], 'in_1')).toBeUndefined();
  });
});

describe('two snapshots of one second that differ', () => {
  it('are ordered independent of their arrival, and marked as ambiguous', () => {
    const factory = story({ stepS: 0 });
    const events = [
      factory.intent('payment_intent.created', {}),
      factory.intent('payment_intent.requires_action', { status: 'requires_action' }),
      factory.intent('payment_intent.payment_failed', { last_payment_error: { code: 'card_declined' } }),
    ];
    for (const order of permutations(events)) {
      expect(snapshotsAfter(order).get('pi_p')).toMatchObject({
        ambiguous: true,
        fields: { failure_code: 'card_declined' },
      });
      expect(paymentAfter(order)).toMatchObject({ state: 'PENDING', failureCode: 'card_declined' });
    }
  });

  it('are replaced by a later answer of Stripe, and by no older one', () => {
    const factory = story({ stepS: 0 });
    const tied = [
      factory.intent('payment_intent.requires_action', { status: 'requires_action' }),
      factory.intent('payment_intent.processing', { status: 'processing' }),
    ];
    const known = snapshotsAfter(tied).get('pi_p') as Snapshot;
    const at = (laterS: number) => {
      const { object } = tied[0]?.data ?? {};
      return joinSnapshots(
        known,
        snapshotOfRead('payment_intent', object ?? {}, (known.key.asOf + laterS) * 1000),
      );
    };
    expect(at(0)).toMatchObject({ ambiguous: true, fields: { status: 'processing' } });
    expect(at(60)).toMatchObject({ ambiguous: false, fields: { status: 'requires_action' } });
  });
});

describe('joining snapshots', () => {
  const STATUSES = [
    'requires_payment_method',
    'requires_action',
    'processing',
    'requires_capture',
    'canceled',
  ];
  const snapshot = fc
    .record({
      status: fc.constantFrom(...STATUSES, 'succeeded'),
      at: fc.integer({ min: 0, max: 3 }),
      received: fc.integer({ min: 0, max: 2 }),
      type: fc.constantFrom('payment_intent.created', 'payment_intent.updated'),
    })
    .map(({ status, at, received, type }): Snapshot => {
      const event = storyEvents({ name: 'p', startS: at, stepS: 0 }).intent(type, {
        status,
        amount_received: received,
      });
      return toSnapshots(event)[0] as Snapshot;
    });
  const look = (each: Snapshot) => ({ key: each.key, ambiguous: each.ambiguous });

  it('gives equal results for every grouping, order and number', () => {
    fc.assert(
      fc.property(snapshot, snapshot, snapshot, (a, b, c) => {
        expect(look(joinSnapshots(a, b))).toEqual(look(joinSnapshots(b, a)));
        expect(look(joinSnapshots(joinSnapshots(a, b), c))).toEqual(
          look(joinSnapshots(a, joinSnapshots(b, c))),
        );
        expect(look(joinSnapshots(joinSnapshots(a, b), b))).toEqual(look(joinSnapshots(a, b)));
      }),
    );
  });

  it('never takes an object back', () => {
    fc.assert(
      fc.property(snapshot, snapshot, (a, b) => {
        expect(joinSnapshots(a, b).key.tier).toBe(Math.max(a.key.tier, b.key.tier));
      }),
    );
  });
});

describe('any set of events', () => {
  it('keeps the refunded within the captured amount, and the state consistent with both', () => {
    const refund = fc.record({
      amount: fc.integer({ min: 0, max: 3000 }),
      status: fc.constantFrom('pending', 'requires_action', 'succeeded', 'failed', 'canceled'),
    });
    fc.assert(
      fc.property(
        fc.array(refund, { maxLength: 6 }),
        fc.integer({ min: 0, max: 1999 }),
        fc.integer({ min: 0, max: 4000 }),
        (refunds, captured, gone) => {
          const factory = story();
          const events = [
            factory.charge('charge.succeeded', {
              ...{
                captured: captured > 0,
                amount_captured: captured,
                amount_refunded: gone,
              },
            }),
            ...refunds.map((each, index) => factory.refund('refund.updated', each, index)),
          ];
          const payment = paymentAfter(events);
          const counted = payment?.refunds.filter(({ held }) => !held) ?? [];
          const sum = (states: string[]) =>
            counted.reduce((total, each) => total + (states.includes(each.state) ? each.amount : 0), 0);
          expect(sum(['PENDING', 'REQUIRES_ACTION', 'SUCCEEDED'])).toBeLessThanOrEqual(captured);
          expect(payment?.refunded).toBeLessThanOrEqual(captured);
          expect(payment?.refunded).toBe(sum(['SUCCEEDED']) + (payment?.unseenRefunds ?? 0));
        },
      ),
    );
  });
});
