import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storyEvents } from '../../testing/stripe-story.ts';
import { openTestLedger, type TestLedger } from '../../testing/test-ledger.ts';
import { readLedgerState } from '../postgres/ledger-state.ts';
import { applyDue } from './applier.ts';
import { MAX_ATTEMPTS } from './failed-attempt.ts';
import { maintainLedger } from './maintain-ledger.ts';
import type { PaymentChange } from './payment-change.ts';

const stack = new AsyncDisposableStack();
let ledger: TestLedger;

beforeAll(async () => {
  ledger = stack.use(await openTestLedger());
});

beforeEach(() => ledger.rows('truncate stripe_events, stripe_objects, payments, refunds, disputes'));

afterAll(() => stack.disposeAsync());

const PAID = { status: 'succeeded', amount_received: 1999 };
const paid = (name: string) => storyEvents({ name }).intent('payment_intent.succeeded', PAID);
const events = (where = 'true') =>
  ledger.rows(
    `select id, state, attempts, last_error, next_attempt_time is not null as again from stripe_events where ${where}`,
  );

describe('an event that cannot be applied', () => {
  it('fails alone, and the other events of the batch are applied', async () => {
    const bad = storyEvents({ name: 'bad' });
    await ledger.store([bad.intent('payment_intent.succeeded', PAID)]);
    await ledger.apply();
    const poison = bad.refund('refund.created', { currency: 'usd' });
    const many = Array.from({ length: 60 }, (_, index) => paid(`good${index}`));
    await ledger.store([...many.slice(0, 30), poison, ...many.slice(30)]);
    expect(await ledger.apply()).toMatchObject({ applied: 60, failed: 1, dead: 0 });
    expect(await events(`state <> 'applied'`)).toEqual([
      {
        id: poison.id,
        state: 'failed',
        attempts: 1,
        last_error: expect.stringMatching(/^CURRENCY_MIXED/),
        again: true,
      },
    ]);
    expect(ledger.log).toContainEqual(
      expect.objectContaining({ eventId: poison.id, attempts: 1, level: 'warn' }),
    );
  });

  it.each(['zzz', 'lyd', 'clf'])(
    'money-units: fails when Stripe’s unit of %s is unknown, without interpreting its amounts',
    async (currency) => {
      const story = storyEvents({ name: currency, currency });
      const event = story.intent('payment_intent.succeeded', PAID);
      await ledger.store([event]);
      expect(await ledger.apply()).toMatchObject({ applied: 0, failed: 1 });
      expect(await events()).toMatchObject([
        { id: event.id, last_error: expect.stringMatching(/^CURRENCY_UNKNOWN/), again: true },
      ]);
      expect(await ledger.rows('select from payments')).toEqual([]);
    },
  );

  it('money-units: keeps a fraction of a króna, counts such payments, and logs each', async () => {
    const story = storyEvents({ name: 'krona', currency: 'isk', amount: 5450 });
    await ledger.store([
      story.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: 5450 }),
      storyEvents({ name: 'whole', currency: 'isk', amount: 5400 }).intent('payment_intent.succeeded', {
        ...{ status: 'succeeded', amount_received: 5400 },
      }),
    ]);
    expect(await ledger.apply()).toMatchObject({ applied: 2, failed: 0 });
    expect(await ledger.rows(`select captured::int from payments order by captured`)).toEqual([
      { captured: 5400 },
      { captured: 5450 },
    ]);
    expect((await readLedgerState(ledger.pool)).fractional).toBe(1);
    const warnings = ledger.log.filter(({ currency }) => currency === 'ISK');
    expect(warnings).toMatchObject([{ level: 'warn', captured: 5450 }]);
  });

  it('is retried with growing delays, is dead in the end, and is applied by a replay once its cause is removed', async () => {
    const bad = storyEvents({ name: 'late' });
    const poison = bad.refund('refund.created', { currency: 'usd', amount: 100 });
    await ledger.store([bad.intent('payment_intent.succeeded', PAID)]);
    await ledger.apply();
    await ledger.store([poison]);
    await ledger.apply();
    const waits: number[] = [];
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) {
      const [row] = await ledger.rows<{ wait: number }>(
        `select extract(epoch from next_attempt_time - clock_timestamp())::float8 as wait from stripe_events where id = $1`,
        [poison.id],
      );
      waits.push(row?.wait ?? 0);
      expect(await ledger.apply()).toMatchObject({ claimed: 0 });
      await ledger.rows(
        `update stripe_events set next_attempt_time = clock_timestamp() - interval '1 second' where id = $1`,
        [poison.id],
      );
      await ledger.apply();
    }
    expect(waits.at(-1)).toBeGreaterThan(60 * (waits[0] ?? 0));
    expect(await events(`id = '${poison.id}'`)).toMatchObject([
      { state: 'failed', attempts: MAX_ATTEMPTS, again: false },
    ]);
    expect(ledger.log).toContainEqual(expect.objectContaining({ eventId: poison.id, level: 'error' }));
    await ledger.rows(
      `update stripe_events set payload = replace(payload::text, 'USD', 'EUR')::jsonb, state = 'received',
      next_attempt_time = clock_timestamp() - interval '1 second' where id = $1`,
      [poison.id],
    );
    expect(await ledger.apply()).toMatchObject({ applied: 1 });
    expect(await ledger.rows('select state, refunded from payments')).toEqual([
      { state: 'PARTIALLY_REFUNDED', refunded: '100' },
    ]);
  });

  it('is refused by the database when the code would break an invariant', async () => {
    await ledger.store([paid('guarded')]);
    await ledger.apply();
    for (const [change, constraint] of [
      [`captured = 1998`, 'payments_captured_grows'],
      [`captured = 0, state = 'PENDING'`, 'payments_captured_grows'],
      [`state = 'CANCELED', captured = 1999`, 'payments_state_goes_on'],
      [`refunded = 2000, state = 'REFUNDED'`, 'payments_refunded_in_state'],
      [`refunded = -1`, 'payments_refunded_check'],
      [`currency = 'USD'`, 'payments_same_intent'],
      [`stripe_payment_intent_id = 'pi_other'`, 'payments_same_intent'],
    ])
      await expect(ledger.rows(`update payments set ${change}`)).rejects.toMatchObject({
        code: '23514',
        constraint,
      });
    await expect(
      ledger.rows(`insert into payments select gen_random_uuid(), (payments).stripe_payment_intent_id, null, null, null, null,
        'PENDING', 'EUR', 0, 0, 0, 0, null, null, now(), now() from payments`),
    ).rejects.toMatchObject({ constraint: 'payments_intent' });
    const refund = (amount: number, currency = 'EUR') =>
      ledger.rows(`insert into refunds (id, stripe_refund_id, payment_id, currency, state, amount, held, create_time, update_time)
        select gen_random_uuid(), 're_x', id, '${currency}', 'SUCCEEDED', ${amount}, false, now(), now() from payments`);
    await expect(refund(2000)).rejects.toMatchObject({ constraint: 'refunds_fit' });
    await expect(refund(1)).rejects.toMatchObject({ constraint: 'refunds_fit' });
    await expect(refund(0, 'USD')).rejects.toMatchObject({ constraint: 'refunds_payment' });
    await expect(refund(-1)).rejects.toMatchObject({ constraint: 'refunds_amount_check' });
    await expect(ledger.rows(`update stripe_objects set as_of = as_of - 1`)).rejects.toMatchObject({
      constraint: 'stripe_objects_grow',
    });
    await expect(ledger.rows(`update stripe_events set state = 'received'`)).rejects.toMatchObject({
      code: '23514',
    });
  });
});

describe('an event of an object that names only a charge', () => {
  const orphan = { payment_intent: null };

  it.each(['before', 'after', 'together'])('is applied %s the charge is known', async (when) => {
    const factory = storyEvents({ name: `orphan_${when}` });
    const charge = factory.charge('charge.succeeded', { captured: true, amount_captured: 1999 });
    const rest = [
      factory.refund('refund.created', { ...orphan, amount: 300 }),
      factory.dispute('charge.dispute.created', orphan),
    ];
    const batches =
      { before: [rest, [charge]], after: [[charge], rest], together: [[...rest, charge]] }[when] ?? [];
    for (const batch of batches) {
      await ledger.store(batch);
      expect(await ledger.apply()).toMatchObject({ applied: batch.length, failed: 0 });
    }
    expect(await ledger.rows('select state, refunded, dispute_state from payments')).toEqual([
      { state: 'PARTIALLY_REFUNDED', refunded: '300', dispute_state: 'NEEDS_RESPONSE' },
    ]);
    expect(await ledger.rows('select type from payment_events order by type')).toEqual([
      { type: 'charge.dispute.created' },
      { type: 'charge.succeeded' },
      { type: 'refund.created' },
    ]);
  });
});

describe('an event of money without a payment intent', () => {
  const without = { payment_intent: null };
  const metadata = { tenant_id: 'acme', user_id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };

  it.each(['before', 'after', 'together'])(
    'charge-without-intent: makes a payment of its charge, with the refund reported %s it',
    async (when) => {
      const factory = storyEvents({ name: `bare_${when}`, metadata });
      const captured = { ...without, captured: true, amount_captured: 1999 };
      const charge = factory.charge('charge.succeeded', captured);
      const refund = factory.refund('refund.created', { ...without, amount: 300 });
      const batches =
        { before: [[refund], [charge]], after: [[charge], [refund]], together: [[refund, charge]] }[when] ??
        [];
      for (const batch of batches) {
        await ledger.store(batch);
        expect(await ledger.apply()).toMatchObject({ applied: batch.length, failed: 0 });
      }
      expect(
        await ledger.rows('select state, refunded::int, tenant_id, user_id, stripe_charge_id from payments'),
      ).toEqual([
        {
          ...{ state: 'PARTIALLY_REFUNDED', refunded: 300, ...metadata },
          stripe_charge_id: `ch_bare_${when}_1`,
        },
      ]);
      expect(await ledger.rows('select type from payment_events order by type')).toEqual([
        { type: 'charge.succeeded' },
        { type: 'refund.created' },
      ]);
    },
  );

  it('charge-without-intent: is shown to an operator when it has no owner', async () => {
    await ledger.store([storyEvents({ name: 'nobody' }).charge('charge.succeeded', without)]);
    await ledger.apply();
    expect(await readLedgerState(ledger.pool)).toMatchObject({ unowned: 1 });
  });

  it('charge-without-intent: becomes a payment when an older version applied it', async () => {
    const factory = storyEvents({ name: 'before', metadata });
    const captured = { ...without, captured: true, amount_captured: 1999 };
    await ledger.store([
      factory.charge('charge.succeeded', captured),
      factory.refund('refund.created', without),
    ]);
    await ledger.apply();
    await ledger.rows('delete from refunds');
    await ledger.rows('delete from payments');
    await ledger.rows(`insert into payments_to_derive values ('ch_before_1')`);
    const { pool, logger } = ledger;
    await maintainLedger({ pool, logger, onChanges: async () => {}, refetch: undefined });
    expect(await ledger.rows('select state, refunded::int, stripe_charge_id from payments')).toEqual([
      { state: 'REFUNDED', refunded: 1999, stripe_charge_id: 'ch_before_1' },
    ]);
    expect(await ledger.rows('select type from payment_events order by type')).toHaveLength(2);
  });
});

describe('the owner of a payment', () => {
  const TENANT = 'acme';
  const [USER, BOOKING] = ['0190b0d5-4a1c-7e2f-8c3d-0123456789ab', '0190b0d5-4a1c-7e2f-8c3d-0123456789ac'];
  const owners = () => ledger.rows('select tenant_id, user_id, booking_id from payments');

  it('is named by the metadata of the intent or its charge', async () => {
    const metadata = { tenant_id: TENANT, user_id: USER, booking_id: BOOKING };
    await ledger.store([storyEvents({ name: 'owned', metadata }).charge('charge.succeeded', {})]);
    await ledger.apply();
    expect(await owners()).toEqual([{ tenant_id: TENANT, user_id: USER, booking_id: BOOKING }]);
  });

  it('refund-by-charge: is reported with the previous owner when an operator corrects the metadata', async () => {
    const reported: PaymentChange[] = [];
    const { pool, logger } = ledger;
    const onChanges = async (_: unknown, changes: readonly PaymentChange[]) => void reported.push(...changes);
    const metadata = { tenant_id: TENANT, user_id: USER, booking_id: BOOKING };
    const story = storyEvents({ name: 'moved', metadata });
    const captured = { captured: true, amount_captured: 1999 };
    await ledger.store([story.charge('charge.succeeded', captured)]);
    await applyDue({ pool, logger, onChanges });
    const moved = { tenant_id: TENANT, user_id: BOOKING, booking_id: USER };
    await ledger.store([story.charge('charge.updated', { ...captured, metadata: moved })]);
    await applyDue({ pool, logger, onChanges });
    expect(reported).toMatchObject([
      { userId: USER, bookingId: BOOKING, previous: null, previousOwner: null },
      {
        ...{ userId: BOOKING, bookingId: USER, previous: null },
        previousOwner: { tenantId: TENANT, userId: USER, bookingId: BOOKING },
      },
    ]);
  });

  it('is unknown when they hold a malformed id', async () => {
    const metadata = { tenant_id: 'Not A Tenant', user_id: 'erika@example.org', booking_id: "'" };
    await ledger.store([storyEvents({ name: 'odd', metadata }).charge('charge.succeeded', {})]);
    await ledger.apply();
    expect(await owners()).toEqual([{ tenant_id: null, user_id: null, booking_id: null }]);
  });

  it('is the customer at Stripe when they are empty', async () => {
    await ledger.rows(`insert into customers values ($1, $2, 'cus_1', now(), now()) on conflict do nothing`, [
      TENANT,
      USER,
    ]);
    await ledger.store([
      storyEvents({ name: 'cus' }).intent('payment_intent.created', { customer: 'cus_1' }),
    ]);
    await ledger.apply();
    expect(await owners()).toEqual([{ tenant_id: TENANT, user_id: USER, booking_id: null }]);
  });
});
