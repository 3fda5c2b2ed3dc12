import { transactPrepared } from '@rollcall/runtime/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { snapshotOfRead } from '../../ledger/snapshot.ts';
import type { StripeObject } from '../../ledger/stripe-object.ts';
import { type StoryEvent, storyEvents } from '../../testing/stripe-story.ts';
import { openTestLedger, type TestLedger } from '../../testing/test-ledger.ts';
import { applyDue } from './applier.ts';
import { applySnapshots } from './apply-snapshots.ts';
import { createLedgerSnapshots } from './ledger-snapshots.ts';
import { lockSnapshots } from './lock-snapshots.ts';
import { maintainLedger, type RefetchPorts } from './maintain-ledger.ts';
import type { PaymentChange } from './payment-change.ts';

const stack = new AsyncDisposableStack();
let ledger: TestLedger;
let changes: PaymentChange[];

beforeAll(async () => {
  ledger = stack.use(await openTestLedger());
});

beforeEach(async () => {
  changes = [];
  await ledger.rows(
    'truncate stripe_events, stripe_objects, payments, refunds, disputes, customers, subscriptions, invoices, payments_to_derive cascade',
  );
});

afterAll(() => stack.disposeAsync());

function maintain(refetch?: RefetchPorts): Promise<void> {
  const { pool, logger } = ledger;
  const onChanges = async (_: unknown, more: readonly PaymentChange[]) => void changes.push(...more);
  return maintainLedger({ pool, logger, onChanges, refetch });
}

/** A Stripe that returns these objects and counts the requests. */
function stripeWith(objects: readonly StripeObject[], isConfigured = true) {
  const asked: string[] = [];
  const refetch: RefetchPorts = {
    gateway: {
      isConfigured,
      retrieve: async (_, id) => {
        asked.push(id);
        return objects.find((each) => each.id === id);
      },
    },
    snapshots: {
      apply: async (read, readTime) => {
        const snapshots = read.map((each) => snapshotOfRead('payment_intent', each, readTime.getTime()));
        await transactPrepared(ledger.pool, async (run) => {
          const { intents } = await lockSnapshots(run, snapshots, 'wait');
          await applySnapshots(run, snapshots, intents);
        });
      },
    },
  };
  return { refetch, asked };
}

const objectOf = (event: StoryEvent) => event.data.object as StripeObject;
const states = () => ledger.rows('select state, failure_code from payments');
const ambiguous = () => ledger.rows('select id from stripe_objects where ambiguous');

describe('two events of one second that differ', () => {
  const factory = storyEvents({ name: 'tie', stepS: 0 });
  const action = factory.intent('payment_intent.requires_action', { status: 'requires_action' });
  const failed = factory.intent('payment_intent.payment_failed', {
    last_payment_error: { code: 'card_declined' },
  });
  const CHOSEN = [{ state: 'PENDING', failure_code: 'card_declined' }];

  beforeEach(async () => {
    await ledger.store([failed, action]);
    await ledger.apply();
  });

  it('are resolved by what Stripe answers, once', async () => {
    expect(await states()).toEqual(CHOSEN);
    expect(await ambiguous()).toEqual([{ id: 'pi_tie' }]);
    const { refetch, asked } = stripeWith([objectOf(action)]);
    await maintain(refetch);
    await maintain(refetch);
    expect(asked).toEqual(['pi_tie']);
    expect(await states()).toEqual([{ state: 'PENDING', failure_code: null }]);
    expect(await ambiguous()).toEqual([]);
  });

  it('keep the chosen snapshot when Stripe cannot be asked, and stay unresolved', async () => {
    const { refetch, asked } = stripeWith([objectOf(action)], false);
    await maintain(refetch);
    await maintain();
    expect(asked).toEqual([]);
    expect(await states()).toEqual(CHOSEN);
    expect(await ambiguous()).toEqual([{ id: 'pi_tie' }]);
  });

  it('stay unresolved while Stripe does not answer', async () => {
    const { refetch } = stripeWith([]);
    const away = { ...refetch.gateway, retrieve: () => Promise.reject(new Error('away')) };
    await expect(maintain({ ...refetch, gateway: away })).rejects.toThrow('away');
    expect(await ambiguous()).toEqual([{ id: 'pi_tie' }]);
  });

  it('keep the chosen snapshot when Stripe has no such object, or its answer is not understood', async () => {
    for (const objects of [[], [{ ...objectOf(action), status: 'teleported' }]]) {
      await ledger.rows('update stripe_objects set ambiguous = true');
      await maintain(stripeWith(objects).refetch);
      expect(await states()).toEqual(CHOSEN);
      expect(await ambiguous()).toEqual([]);
    }
  });
});

describe('the time of an activity', () => {
  const captured = { captured: true, amount_captured: 1999 };
  const START_S = 1_767_225_600;

  async function applyReporting(): Promise<PaymentChange[]> {
    const reported: PaymentChange[] = [];
    const { pool, logger } = ledger;
    await applyDue({ pool, logger, onChanges: async (_, more) => void reported.push(...more) });
    return reported;
  }

  it('activity-time: is that of the event, whenever and with whatever it is applied', async () => {
    const story = storyEvents({ name: 'times', metadata: { tenant_id: 'acme' } });
    const events = [
      story.charge('charge.succeeded', captured),
      story.charge('charge.refunded', { ...captured, amount_refunded: 500 }),
      story.refund('refund.updated', { amount: 500 }),
      story.dispute('charge.dispute.created', {}),
    ];
    const times = { captured: START_S + 10, refunded: START_S + 20, disputed: START_S + 201 };
    await ledger.store(events.toReversed());
    expect(await applyReporting()).toMatchObject([{ times: { ...times, canceled: null } }]);
    const columns = `select extract(epoch from capture_time)::int as captured, extract(epoch from refund_time)::int as refunded,
      update_time > now() - interval '1 minute' as recorded_now from payments`;
    // Only the refund and the creation time of the charge are known by then.
    expect(await ledger.rows(columns)).toEqual([
      { captured: START_S + 1, refunded: START_S + 30, recorded_now: true },
    ]);
  });

  it('activity-time: is the creation of the charge when only a later event of it came', async () => {
    const story = storyEvents({ name: 'later', metadata: { tenant_id: 'acme' } });
    await ledger.store([story.charge('charge.refunded', { ...captured, amount_refunded: 500 })]);
    expect(await applyReporting()).toMatchObject([
      { times: { captured: START_S + 1, refunded: START_S + 10 } },
    ]);
  });

  it('activity-time: of an object read from Stripe is its creation', async () => {
    const story = storyEvents({ name: 'read', metadata: { tenant_id: 'acme' } });
    const paid = story.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: 1999 });
    const read = [objectOf(paid), objectOf(story.refund('refund.created', { amount: 500 }))];
    const reported: PaymentChange[] = [];
    await createLedgerSnapshots(ledger.pool, async (_, more) => void reported.push(...more)).apply(
      read,
      new Date(),
    );
    expect(reported).toMatchObject([{ times: { captured: START_S, refunded: START_S + 101 } }]);
  });
});

describe('a payment after a change of rules', () => {
  const captured = {
    captured: true,
    amount_captured: 1999,
    amount_refunded: 1999,
  };
  const owned = {
    tenant_id: 'acme',
    user_id: '0190b0d5-4a1c-7e2f-8c3d-000000000001',
  };

  // Writes rows as an older version did: a refund that only the charge reports does not count.
  async function writeAsBefore(name: string): Promise<void> {
    await ledger.store([storyEvents({ name, metadata: owned }).charge('charge.refunded', captured)]);
    await ledger.apply();
    await ledger.rows(`update payments set refunded = 0, state = 'SUCCEEDED'`);
    await ledger.rows('insert into payments_to_derive select stripe_payment_intent_id from payments');
  }

  it('refund-by-charge: is derived again once, and reported', async () => {
    await writeAsBefore('stale');
    await maintain();
    const current = { state: 'REFUNDED', refunded: 1999 };
    expect(changes).toMatchObject([
      { intent: 'pi_stale', current, previous: { state: 'SUCCEEDED', refunded: 0 } },
    ]);
    await maintain();
    expect(changes).toHaveLength(1);
    expect(await ledger.rows('select state, refunded::int from payments')).toEqual([current]);
  });

  it('refund-by-charge: does not block others when the database refuses it', async () => {
    await writeAsBefore('other');
    await ledger.rows(`insert into payments_to_derive values ('pi_broken')`);
    await ledger.store([
      storyEvents({ name: 'broken', metadata: owned }).charge('charge.refunded', captured),
    ]);
    await ledger.apply();
    await ledger.rows(`update stripe_objects set payload = payload || '{"amount_captured": 1}'`);
    await ledger.rows(
      `update stripe_objects set payload = payload || '{"amount_captured": 1999}' where id like '%other%'`,
    );
    await maintain();
    expect(await ledger.rows('select key from payments_to_derive')).toEqual([]);
    expect(changes.map(({ intent }) => intent)).toEqual(['pi_other']);
    expect(ledger.log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        payment: 'pi_broken',
        fault: expect.stringContaining('payments_captured_grows'),
      }),
    );
  });
});

describe('an event before its customer or subscription is stored', () => {
  const [TENANT, USER, PLAN, AREA] = ['acme', 1, 2, 3].map((each) =>
    typeof each === 'string' ? each : `0190b0d5-4a1c-7e2f-8c3d-00000000000${each}`,
  );

  const makeCustomer = () =>
    ledger.rows(`insert into customers values ($1, $2, 'cus_late', now(), now())`, [TENANT, USER]);

  it('gives a payment its owner once the customer is known', async () => {
    await ledger.store([
      storyEvents({ name: 'late' }).intent('payment_intent.succeeded', {
        customer: 'cus_late',
        status: 'succeeded',
        amount_received: 1999,
      }),
    ]);
    await ledger.apply();
    await maintain();
    expect(changes).toEqual([]);
    await makeCustomer();
    await maintain();
    expect(changes).toMatchObject([
      {
        ...{ tenantId: TENANT, userId: USER, current: { captured: 1999 }, previous: null },
        times: { captured: 1_767_225_610, refunded: null },
      },
    ]);
    await maintain();
    expect(changes).toHaveLength(1);
  });

  it('updates subscriptions and invoices, before and after they are stored', async () => {
    const eventOf = (type: string, object: Record<string, unknown>, created: number): StoryEvent => ({
      id: `evt_${type}_${created}`,
      type,
      created,
      api_version: '2026-10-28.endive',
      data: { object },
    });
    const subscription = (status: string) => ({
      id: 'sub_1',
      object: 'subscription',
      customer: 'cus_late',
      status,
      cancel_at_period_end: true,
      items: { data: [{ current_period_end: 1_800_000_000 }] },
    });
    const invoice = (status: string) => ({ id: 'in_1', object: 'invoice', customer: 'cus_late', status });
    await ledger.store([
      eventOf('customer.subscription.updated', subscription('active'), 20),
      eventOf('customer.subscription.created', subscription('incomplete'), 10),
      eventOf('invoice.finalized', invoice('open'), 10),
    ]);
    expect(await ledger.apply()).toMatchObject({ applied: 3 });
    await makeCustomer();
    await makeSubscriptionAndInvoice();
    await maintain();
    expect(await accountStates()).toEqual([{ subscription: 'ACTIVE', ends: 1_800_000_000, invoice: 'OPEN' }]);
    await ledger.store([
      eventOf('invoice.paid', invoice('paid'), 30),
      eventOf('customer.subscription.deleted', subscription('canceled'), 30),
    ]);
    await ledger.apply();
    expect(await accountStates()).toMatchObject([{ subscription: 'CANCELED', invoice: 'PAID' }]);
  });

  const [NOW_S, SOON_S, LONG_AGO_S] = [1_767_225_600, 1_800_000_000, 1_600_000_000];
  const paused = (resumesAt: number | null) => ({
    pause_collection: { behavior: 'void', resumes_at: resumesAt },
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['an end of its own', { cancel_at: SOON_S + 7 }, { end_time: SOON_S + 7, cancel_at_period_end: false }],
    [
      'the end of its period by a time',
      { cancel_at: SOON_S },
      { end_time: SOON_S, cancel_at_period_end: true },
    ],
    [
      'the end of its period by a flag',
      { cancel_at_period_end: true },
      { end_time: SOON_S, cancel_at_period_end: true },
    ],
    ['an end that is past', { cancel_at: LONG_AGO_S }, { state: 'ACTIVE', end_time: LONG_AGO_S }],
    ['no end', {}, { end_time: null, cancel_at_period_end: false }],
    ['a pause until a time', paused(SOON_S), { collection_paused: true, resumes: SOON_S, end_time: null }],
    ['a pause', paused(null), { state: 'ACTIVE', collection_paused: true, resumes: null }],
    [
      'an end that came',
      {
        status: 'canceled',
        ended_at: NOW_S + 60,
        canceled_at: NOW_S,
        cancel_at: SOON_S,
      },
      { state: 'CANCELED', end_time: NOW_S + 60 },
    ],
    [
      'a withdrawn cancellation',
      { status: 'trialing', cancel_at: null, canceled_at: null },
      { state: 'TRIALING', end_time: null },
    ],
  ])(
    'portal-cancel: shows %s, from events before and after the subscription is stored',
    async (_, change, expected) => {
      const eventOf = (created: number, object: Record<string, unknown>): StoryEvent => ({
        ...{
          id: `evt_${created}`,
          type: 'customer.subscription.updated',
          created,
        },
        ...{
          api_version: '2026-10-28.endive',
          data: { object: { ...SUBSCRIPTION, ...object } },
        },
      });
      await ledger.store([eventOf(1, change)]);
      await ledger.apply();
      await makeCustomer();
      await makeSubscriptionAndInvoice();
      await maintain();
      expect(await subscriptionRow()).toMatchObject([expected]);
      await ledger.store([eventOf(2, { cancel_at: SOON_S + 1, ...paused(SOON_S) }), eventOf(3, change)]);
      await ledger.apply();
      expect(await subscriptionRow()).toMatchObject([expected]);
    },
  );

  it('portal-cancel: refuses a malformed time before the event is written', async () => {
    for (const time of [-1, 0.5, 1e15, 'soon'])
      await ledger.store([
        {
          ...{
            id: `evt_${time}`,
            type: 'customer.subscription.updated',
            created: 1,
          },
          ...{
            api_version: '2026-10-28.endive',
            data: { object: { ...SUBSCRIPTION, cancel_at: time } },
          },
        },
      ]);
    expect(await ledger.rows(`select distinct state, last_error from stripe_events`)).toEqual([
      { state: 'failed', last_error: expect.stringContaining('"cancel_at"') },
    ]);
  });

  const SUBSCRIPTION = {
    ...{
      id: 'sub_1',
      object: 'subscription',
      customer: 'cus_late',
      status: 'active',
    },
    ...{
      cancel_at_period_end: false,
      items: { data: [{ current_period_end: SOON_S }] },
    },
  };

  const subscriptionRow = () =>
    ledger.rows(`select state, cancel_at_period_end, extract(epoch from end_time)::int as end_time,
      collection_paused, extract(epoch from collection_resume_time)::int as resumes from subscriptions`);

  async function makeSubscriptionAndInvoice(): Promise<void> {
    await ledger.rows(
      `insert into areas values ($1, $2, 'de', 'DE', '{DE}', 'EUR', 0, now(), now()) on conflict do nothing`,
      [TENANT, AREA],
    );
    await ledger.rows(
      `insert into plans values ($1, $2, 'p', 'P', 'MONTH', false, now(), now()) on conflict do nothing`,
      [TENANT, PLAN],
    );
    await ledger.rows(
      `insert into subscriptions (tenant_id, id, customer_id, plan_id, area_id, state, stripe_subscription_id, stripe_price_id, create_time, update_time)
        values ($1, $2, $2, $3, $4, 'INCOMPLETE', 'sub_1', 'price_1', now(), now())`,
      [TENANT, USER, PLAN, AREA],
    );
    await ledger.rows(
      `insert into invoices (tenant_id, id, year, number, user_id, state, profile, currency, total_minor_units, stripe_invoice_id, issue_time, update_time)
        values ($1, $2, 2026, 1, $2, 'UNCOLLECTIBLE', '{}', 'EUR', 1, 'in_1', now(), now())`,
      [TENANT, USER],
    );
  }

  const accountStates = () =>
    ledger.rows(`select s.state as subscription, extract(epoch from s.current_period_end)::int as ends, i.state as invoice
      from subscriptions s, invoices i`);
});
