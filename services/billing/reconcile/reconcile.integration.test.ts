import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeObject } from '../ledger/stripe-object.ts';
import type { Snapshots, StripeGateway } from '../payments/stripe-gateway.ts';
import { createStripeGateway } from '../stripe/create-stripe-gateway.ts';
import { chargeSample, refundSample } from '../stripe/samples/charge.ts';
import { customerSample } from '../stripe/samples/customer-events.ts';
import { disputeSample } from '../stripe/samples/dispute.ts';
import { invoiceSample } from '../stripe/samples/invoice.ts';
import { paymentIntentSample } from '../stripe/samples/payment-intent.ts';
import { randomLetters, type SamplePayment } from '../stripe/samples/sample-payment.ts';
import { subscriptionSample } from '../stripe/samples/subscription.ts';
import { runReconcile } from '../stripe-cli/reconcile-command.ts';
import { STRIPE_TEST_KEY, type StripeServer, startStripeServer } from '../testing/stripe-server.ts';
import { createLedgerSnapshots } from '../webhooks/apply/ledger-snapshots.ts';

const DAY = new Date('2026-11-01T00:00:00Z');
const DAY_S = DAY.getTime() / 1000;
const NEXT_DAY = new Date('2026-11-02T00:00:00Z');
const METADATA = { tenant_id: 'acme', user_id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };

const stack = new AsyncDisposableStack();
let stripe: StripeServer;
let gateway: StripeGateway;
let pool: Pool;
let snapshots: Snapshots;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('billing'));
  pool = createPool({
    url: new Secret(database.url),
    maxConnections: 2,
    statementTimeoutMs: 5000,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  stack.defer(() => pool.end());
  snapshots = createLedgerSnapshots(pool);
});

beforeEach(async () => {
  stripe = await startStripeServer();
  gateway = createStripeGateway({ apiKey: new Secret(STRIPE_TEST_KEY), apiBase: stripe.url });
  await pool.query('truncate reconcile_runs, reconcile_seen, reconcile_drift');
  await pool.query('truncate stripe_events, stripe_objects, refunds, disputes, payments');
});

afterEach(async () => {
  (gateway as StripeGateway & Disposable)[Symbol.dispose]();
  await stripe[Symbol.asyncDispose]();
});

afterAll(() => stack.disposeAsync());

interface Report {
  readonly complete: boolean;
  readonly why: string | null;
  readonly resumed: boolean;
  readonly objects: number;
  readonly counts: Record<string, number>;
  readonly left: number;
  readonly drifts: readonly { class: string; kind: string; id: string; repaired: boolean; note: string }[];
}

/** Runs the command. Returns its exit code and JSON report. */
async function run(options: { repair?: boolean; signal?: AbortSignal; maxAttempts?: number } = {}) {
  const { repair = false, signal = new AbortController().signal, maxAttempts = 1 } = options;
  const runWith = async (asJson: boolean) => {
    const texts: string[] = [];
    const terms = { since: DAY, until: NEXT_DAY, repair };
    const tools = {
      pool,
      gateway,
      snapshots,
      signal,
      maxAttempts,
      write: (text: string) => void texts.push(text),
    };
    const code = await runReconcile({ terms, ratePerS: 1000, asJson }, tools);
    return { code, text: texts.join('') };
  };
  const { code, text } = await runWith(true);
  return { code, report: JSON.parse(text) as Report };
}

/** Runs the command. Returns its exit code and the last line of its text. */
async function runInWords(signal = new AbortController().signal) {
  const texts: string[] = [];
  const command = { terms: { since: DAY, until: NEXT_DAY, repair: false }, ratePerS: 1000, asJson: false };
  const write = (text: string) => void texts.push(text);
  const code = await runReconcile(command, { pool, gateway, snapshots, signal, maxAttempts: 1, write });
  const text = texts.join('');
  return { code, text, last: text.trim().split('\n').at(-1) };
}

function newPayment(init: Partial<SamplePayment> = {}): SamplePayment {
  const id = `pi_${randomLetters(20)}`;
  return {
    id,
    amount: 1999,
    currency: 'eur',
    created: DAY_S + 60,
    customer: null,
    metadata: METADATA,
    ...init,
  };
}

/** Puts equal objects into the fake Stripe and the ledger. */
async function both(...objects: readonly { readonly id: string; readonly object: string }[]): Promise<void> {
  for (const each of objects) stripe.account.put(each);
  await here(...objects);
}

async function here(...objects: readonly { readonly id: string; readonly object: string }[]): Promise<void> {
  await snapshots.apply(objects as readonly StripeObject[], new Date(Date.now() - 60_000));
}

function whole(payment: SamplePayment) {
  const account = { ...payment, customer: 'cus_1', id: 'sub_1', price: 'price_1', latestInvoice: 'in_1' };
  return [
    paymentIntentSample(payment, { status: 'succeeded' }),
    chargeSample(payment, { status: 'succeeded', refunded: 500, disputed: true }),
    refundSample(payment, { status: 'succeeded', amount: 500 }),
    disputeSample(payment, { status: 'needs_response', movements: 1 }),
    customerSample({ id: 'cus_1', created: payment.created, metadata: METADATA }),
    subscriptionSample(account, { status: 'active' }),
    invoiceSample({ ...payment, id: 'in_1', customer: 'cus_1', subscription: 'sub_1' }, 'paid'),
  ];
}

describe('what agrees', () => {
  it('is reported as complete and without differences, for every kind', async () => {
    await both(...whole(newPayment()));
    expect(await run()).toMatchObject({ code: 0, report: { complete: true, objects: 7, drifts: [] } });
    expect((await runInWords()).last).toBe('COMPLETE: nothing differs');
  });

  it('is compared within the requested period', async () => {
    stripe.account.put(paymentIntentSample(newPayment({ created: DAY_S - 1 }), { status: 'succeeded' }));
    stripe.account.put(paymentIntentSample(newPayment({ created: DAY_S + 86_400 }), { status: 'succeeded' }));
    await here(paymentIntentSample(newPayment({ created: DAY_S - 1 }), { status: 'succeeded' }));
    expect(await run()).toMatchObject({ code: 0, report: { objects: 0, drifts: [] } });
  });
});

describe('what differs', () => {
  it('is reported by its class, and not changed', async () => {
    const [missing, gone, other] = [newPayment(), newPayment(), newPayment()];
    stripe.account.put(paymentIntentSample(missing, { status: 'succeeded' }));
    await here(paymentIntentSample(gone, { status: 'succeeded' }));
    await here(paymentIntentSample(other, { status: 'processing' }));
    const changed = {
      ...other,
      amount: 2500,
      metadata: { ...METADATA, user_id: METADATA.user_id.replace('b', 'c') },
    };
    stripe.account.put(paymentIntentSample(changed, { status: 'succeeded' }));
    const { code, report } = await run();
    expect(code).toBe(3);
    expect(report.drifts.map((each) => [each.class, each.id])).toEqual([
      ['amount_differs', other.id],
      ['missing_here', missing.id],
      ['missing_there', gone.id],
      ['owner_differs', other.id],
      ['state_differs', other.id],
    ]);
    const { rows } = await pool.query('select state from payments where stripe_payment_intent_id = $1', [
      other.id,
    ]);
    expect(rows).toEqual([{ state: 'PROCESSING' }]);
    expect(await runInWords()).toMatchObject({ code: 3, last: 'COMPLETE: 5 of 5 differences are left' });
  });

  it('is found in rows that do not follow from the snapshots', async () => {
    const payment = newPayment();
    await both(...whole(payment));
    await pool.query(`update payments set amount = 1 where stripe_payment_intent_id = $1`, [payment.id]);
    expect((await run()).report.drifts).toMatchObject([{ class: 'amount_differs', id: payment.id }]);
  });

  it('names a waiting event of the object', async () => {
    const payment = newPayment();
    stripe.account.put(paymentIntentSample(payment, { status: 'succeeded' }));
    await pool.query(
      `insert into stripe_events (id, type, create_time, livemode, object_kind, object_id, payload, state, next_attempt_time)
       values ('evt_1', 'payment_intent.succeeded', now(), false, 'payment_intent', $1, '[]', 'received', now())`,
      [payment.id],
    );
    const { report } = await run();
    expect(report.drifts).toMatchObject([{ class: 'missing_here', note: 'an event of it waits or failed' }]);
  });

  it('is not understood when Stripe’s status is unknown', async () => {
    stripe.account.put(paymentIntentSample(newPayment({ currency: 'what' }), { status: 'succeeded' }));
    expect((await run({ repair: true })).report.drifts).toMatchObject([
      { class: 'not_understood', repaired: false },
    ]);
  });
});

describe('--repair', () => {
  it('repairs everything, and the next run finds nothing', async () => {
    const [missing, behind, tampered] = [newPayment(), newPayment(), newPayment()];
    for (const each of [missing, behind, tampered])
      for (const object of whole(each)) stripe.account.put(object);
    await here(paymentIntentSample(behind, { status: 'processing' }));
    await here(...whole(tampered));
    await pool.query(`update payments set amount = 1 where stripe_payment_intent_id = $1`, [tampered.id]);
    const repaired = await run({ repair: true });
    expect(repaired.report.drifts.filter((each) => !each.repaired)).toEqual([]);
    expect(repaired.code).toBe(0);
    expect(repaired.report.counts.missing_here).toBeGreaterThan(0);
    expect(repaired.report.counts.state_differs).toBeGreaterThan(0);
    const { rows } = await pool.query(
      `select amount, captured, refunded, state, dispute_state from payments group by 1, 2, 3, 4, 5`,
    );
    expect(rows).toEqual([
      {
        amount: '1999',
        captured: '1999',
        refunded: '500',
        state: 'PARTIALLY_REFUNDED',
        dispute_state: 'NEEDS_RESPONSE',
      },
    ]);
    expect(await run()).toMatchObject({ code: 0, report: { drifts: [] } });
  });

  it('reads the payment of a refund although it is older than the period', async () => {
    const old = newPayment({ created: DAY_S - 86_400 });
    for (const object of whole(old).slice(0, 2)) stripe.account.put(object);
    stripe.account.put({ ...refundSample(old, { status: 'succeeded', amount: 500 }), ...{ created: DAY_S } });
    expect(await run({ repair: true })).toMatchObject({ code: 0, report: { objects: 1, left: 0 } });
    const { rows } = await pool.query('select refunded from payments');
    expect(rows).toEqual([{ refunded: '500' }]);
  });

  it('deletes no object that is missing at Stripe', async () => {
    const gone = newPayment();
    await here(paymentIntentSample(gone, { status: 'succeeded' }));
    const { code, report } = await run({ repair: true });
    expect([code, report.drifts]).toMatchObject([3, [{ class: 'missing_there', repaired: false }]]);
    expect((await pool.query('select from payments')).rowCount).toBe(1);
  });
});

describe('a run that is cut off', () => {
  const many = () => Array.from({ length: 250 }, () => newPayment());

  it.each([
    ['throttled', { status: 429, retryAfterS: 1 }],
    ['unavailable', { status: 500 }],
  ] as const)('says that it is incomplete (%s), and goes on where it stopped', async (why, fault) => {
    for (const each of many()) stripe.account.put(chargeSample(each, { status: 'succeeded' }));
    let listed = 0;
    stripe.plan({ fault, times: 100, when: ({ path }) => path === '/v1/charges' && ++listed > 2 });
    const first = await runInWords();
    expect(first.code).toBe(2);
    expect(first.last).toMatch(new RegExp(`^INCOMPLETE \\(${why}\\)`));
    stripe.heal();
    const before = stripe.requests.length;
    const second = await run();
    expect(second.report).toMatchObject({ complete: true, resumed: true, objects: 250 });
    expect(second.report.counts.missing_here).toBe(250);
    const lists = stripe.requests.slice(before).filter(({ path }) => path === '/v1/charges');
    expect(lists.map(({ form }) => form.has('starting_after'))).toEqual([true]);
  });

  it('can be interrupted', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await runInWords(stop.signal)).toMatchObject({
      code: 2,
      last: expect.stringMatching(/^INCOMPLETE \(interrupted\)/),
    });
    expect(await run()).toMatchObject({ code: 0, report: { complete: true, resumed: true } });
  });

  it('reports the repairs made before it was cut off in the middle of a part', async () => {
    for (const each of [newPayment(), newPayment(), newPayment()]) {
      await here(paymentIntentSample(each, { status: 'processing' }));
      stripe.account.put(paymentIntentSample(each, { status: 'succeeded' }));
    }
    let read = 0;
    const isThird = ({ path }: { path: string }) => path.startsWith('/v1/payment_intents/') && ++read > 2;
    stripe.plan({ fault: { status: 429 }, times: 100, when: isThird });
    expect((await run({ repair: true })).report).toMatchObject({ complete: false, left: 0 });
    stripe.heal();
    const { report } = await run({ repair: true });
    expect(report.complete).toBe(true);
    const differed = report.drifts.filter((each) => each.class === 'state_differs');
    expect(differed.map(({ repaired }) => repaired)).toEqual([true, true, true]);
  });

  it('starts a list again when the object at which it stopped is gone', async () => {
    const payments = many();
    for (const each of payments) await both(chargeSample(each, { status: 'succeeded' }));
    let listed = 0;
    stripe.plan({
      fault: { status: 429 },
      times: 100,
      when: ({ path }) => path === '/v1/charges' && ++listed > 1,
    });
    expect((await run()).report.complete).toBe(false);
    stripe.heal();
    const { rows } = await pool.query('select after_id from reconcile_runs');
    stripe.account.remove('charge', rows[0].after_id);
    const { report } = await run();
    expect(report.complete).toBe(true);
    expect(report.drifts.filter(({ id }) => id !== rows[0].after_id)).toEqual([]);
  });

  it('waits as long as Stripe asks, and completes', async () => {
    await both(...whole(newPayment()));
    stripe.plan({ fault: { status: 429, retryAfterS: 0.01 }, times: 2 });
    expect(await run({ maxAttempts: 3 })).toMatchObject({ code: 0, report: { complete: true } });
  });

  it('fails without COMPLETE when Stripe rejects the key', async () => {
    stripe.plan({ fault: { status: 401 } });
    await expect(run()).rejects.toMatchObject({ reason: 'STRIPE_NOT_CONFIGURED' });
    expect((await pool.query('select from reconcile_runs where complete_time is not null')).rowCount).toBe(0);
  });
});
