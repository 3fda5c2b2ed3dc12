import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type CreatePaymentRequest,
  DisputeState,
  type Payment,
  PaymentState,
  type RefundPaymentRequestSchema,
  RefundState,
} from '@rollcall/contract/billing';
import { currencyOf } from '@rollcall/contract/currencies';
import { UserState } from '@rollcall/contract/user';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { STRIPE_UNITS, stepOf } from '../money.ts';
import { type BillingUnderTest, startBilling } from '../testing/start-billing.ts';
import { STRIPE_TEST_KEY, type StripeServer, startStripeServer } from '../testing/stripe-server.ts';
import { createLedgerSnapshots } from '../webhooks/apply/ledger-snapshots.ts';
import type { Snapshots } from './stripe-gateway.ts';

const stack = new AsyncDisposableStack();
const tenantId = 'acme';
const EUR = (minorUnits: bigint) => ({ currencyCode: 'EUR', minorUnits });
let stripe: StripeServer;
let billing: BillingUnderTest;
let snapshots: Snapshots;
let userId: string;

beforeAll(async () => {
  stripe = stack.use(await startStripeServer());
  billing = stack.use(
    await startBilling({ STRIPE_API_KEY: STRIPE_TEST_KEY, STRIPE_API_BASE: stripe.url.href }),
  );
  const pool = createPool({
    url: new Secret(billing.databaseUrl),
    maxConnections: 4,
    statementTimeoutMs: 5000,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  stack.defer(() => pool.end());
  snapshots = createLedgerSnapshots(pool);
  userId = newUser();
});

afterEach(() => stripe.heal());
afterAll(() => stack.disposeAsync());

function newUser(user: object = {}): string {
  const id = randomUUID();
  billing.users.put(tenantId, id, { displayName: 'Ana', ...user });
  return id;
}

type Asked = Partial<Pick<CreatePaymentRequest, 'requestId' | 'userId' | 'bookingId' | 'description'>> & {
  amount?: { currencyCode: string; minorUnits: bigint };
};

function create(init: Asked = {}) {
  const requestId = randomUUID();
  return billing.payments.createPayment({ tenantId, requestId, userId, amount: EUR(1999n), ...init });
}

function refund(init: MessageInitShape<typeof RefundPaymentRequestSchema>) {
  return billing.payments.refundPayment({ tenantId, requestId: randomUUID(), ...init });
}

/** Creates a captured payment, as an event of Stripe would. */
async function paid(init: Asked = {}): Promise<Payment> {
  const { payment } = await create(init);
  const intent = payment?.stripePaymentIntentId ?? '';
  stripe.account.pay(intent);
  const charge = stripe.account.list('charge').find((each) => each.payment_intent === intent);
  const objects = [stripe.account.find('payment_intent', intent), charge].filter(
    (each) => each !== undefined,
  );
  await snapshots.apply(objects, new Date());
  return await get(payment?.id ?? '');
}

async function get(id: string): Promise<Payment> {
  const { payment } = await billing.payments.getPayment({ tenantId, id });
  if (!payment) throw new Error('no payment was answered');
  return payment;
}

describe('CreatePayment', () => {
  it('makes an intent with the owner in its metadata, and a payment at once', async () => {
    const bookingId = randomUUID();
    const requestId = randomUUID();
    const { payment, clientSecret } = await create({
      requestId,
      userId: userId.toUpperCase(),
      bookingId: bookingId.toUpperCase(),
      description: 'Two nights',
    });
    expect(payment).toMatchObject({ tenantId, userId, bookingId, state: PaymentState.PENDING });
    expect(payment).toMatchObject({ amount: EUR(1999n), captured: EUR(0n), refunded: EUR(0n), refunds: [] });
    expect(payment?.disputeState).toBe(DisputeState.UNSPECIFIED);
    expect(clientSecret).toMatch(/_secret_/);
    expect(stripe.account.find('payment_intent', payment?.stripePaymentIntentId ?? '')).toMatchObject({
      amount: 1999,
      currency: 'eur',
      metadata: { tenant_id: tenantId, user_id: userId, booking_id: bookingId, request_id: requestId },
    });
    expect(await get(payment?.id ?? '')).toEqual(payment);
  });

  it('answers a repeat with an equal payment and its secret, and creates no second one at Stripe', async () => {
    const request = { requestId: randomUUID() };
    const first = await create(request);
    const posts = () => stripe.requests.filter(({ method }) => method === 'POST').length;
    const before = posts();
    expect(await create(request)).toEqual(first);
    expect(posts()).toBe(before);
    expect(await faultOf(create({ ...request, amount: EUR(2000n) }))).toMatchObject({
      code: 'InvalidArgument',
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('makes one payment from concurrent calls of one request', async () => {
    const request = { requestId: randomUUID() };
    const all = await Promise.all(Array.from({ length: 5 }, () => create(request)));
    expect(new Set(all.map(({ payment }) => payment?.id)).size).toBe(1);
  });

  it('makes one payment when the answer of Stripe was lost and the caller repeats', async () => {
    const request = { requestId: randomUUID(), description: `lost ${randomUUID()}` };
    stripe.plan({ fault: 'drop after', times: 3 });
    expect(await faultOf(create(request))).toMatchObject({
      code: 'Unavailable',
      reason: 'STRIPE_UNAVAILABLE',
      retries: true,
    });
    const { payment } = await create(request);
    expect(payment?.state).toBe(PaymentState.PENDING);
    const intents = stripe.account.list('payment_intent');
    expect(intents.filter(({ metadata }) => isOf(metadata, request.requestId))).toHaveLength(1);
  });

  it('finds the earlier intent at Stripe after Stripe has forgotten the key', async () => {
    const request = { requestId: randomUUID() };
    stripe.plan({ fault: 'drop after', times: 3 });
    await faultOf(create(request));
    await billing.sql(
      `update payment_requests set create_time = create_time - interval '2 days' where request_id = $1`,
      [request.requestId],
    );
    stripe.forgetKeys();
    const { payment, clientSecret } = await create(request);
    const intents = stripe.account.list('payment_intent');
    const made = intents.filter(({ metadata }) => isOf(metadata, request.requestId));
    expect(made.map(({ id }) => id)).toEqual([payment?.stripePaymentIntentId]);
    expect(clientSecret).not.toBe('');
  });

  it.each([
    ['missing', () => randomUUID()],
    ['suspended', () => newUser({ state: UserState.SUSPENDED })],
  ])('is refused for a user who is %s', async (why, user) => {
    expect(await faultOf(create({ userId: user() }))).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'USER_NOT_ELIGIBLE',
      metadata: { why },
    });
  });

  it.each([
    [{ amount: EUR(0n) }, 'amount.minor_units'],
    [{ amount: EUR(100_000_000n) }, 'amount.minor_units'],
    [{ description: 'a\u0000b' }, 'description'],
    [{ requestId: '' }, 'request_id'],
  ])('names the field at fault: %o', async (init, field) => {
    expect(await faultOf(create(init))).toMatchObject({ code: 'InvalidArgument', fields: [field] });
  });

  it('passes on Stripe’s code of a refusal', async () => {
    expect(await faultOf(create({ amount: EUR(1n) }))).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'STRIPE_REFUSED',
      metadata: { stripe_code: 'amount_too_small' },
    });
  });

  it('passes on the retry delay of Stripe’s rate limit', async () => {
    stripe.plan({ fault: { status: 429, retryAfterS: 7 } });
    expect(await faultOf(create())).toMatchObject({
      code: 'Unavailable',
      reason: 'STRIPE_UNAVAILABLE',
      metadata: { why: 'rate_limited' },
      retries: true,
    });
  });
});

describe('every currency', () => {
  const money = (currencyCode: string, minorUnits: bigint) => ({ currencyCode, minorUnits });

  it.each([
    ['ISK', 5400n, 540_000],
    ['UGX', 5400n, 540_000],
    ['MGA', 540_000n, 5400],
    ['JPY', 5400n, 5400],
    ['KWD', 5120n, 5120],
    ['HUF', 5401n, 5401],
  ])('money-units: %s %i is sent to Stripe as %i', async (currency, minorUnits, amount) => {
    const { payment } = await create({ amount: money(currency, minorUnits) });
    const intent = stripe.account.find('payment_intent', payment?.stripePaymentIntentId ?? '');
    expect(intent).toMatchObject({ amount, currency: currency.toLowerCase() });
    expect(payment?.amount).toMatchObject(money(currency, minorUnits));
  });

  it.each([
    ['KWD', 5123n, 'amount.minor_units'],
    ['MGA', 5401n, 'amount.minor_units'],
    ['CLF', 5400n, 'amount.currency_code'],
    ['HRK', 5400n, 'amount.currency_code'],
    ['ZZZ', 5400n, 'amount.currency_code'],
    ['XAU', 5400n, 'amount.currency_code'],
  ])('money-units: %s %i is refused, and nothing is sent or stored', async (currency, minorUnits, field) => {
    const requestId = randomUUID();
    const before = stripe.requests.length;
    const fault = await faultOf(create({ requestId, amount: money(currency, minorUnits) }));
    expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: [field] });
    expect(stripe.requests.length).toBe(before);
    // The request id was not used up.
    expect((await create({ requestId })).payment?.state).toBe(PaymentState.PENDING);
  });

  it('money-units: is created, paid, refunded in part and in full with amounts of ISO 4217', {
    timeout: 180_000,
  }, async () => {
    const user = newUser();
    const taken = [...STRIPE_UNITS].filter(([, { isTaken }]) => isTaken).map(([code]) => code);
    const amountOf = (code: string) => money(code, 70n * 10n ** BigInt(currencyOf(code)?.decimals ?? 0));
    const faults: string[] = [];
    const run = async (code: string) => {
      const amount = amountOf(code);
      const { id } = await paid({ userId: user, amount });
      const part = { ...amount, minorUnits: stepOf(code) };
      const { payment: once } = await refund({ id, amount: part });
      const { payment: last } = await refund({ id });
      const seen = [last?.amount, last?.captured, once?.refunded, last?.refunded];
      const isRight = isDeepStrictEqual(
        seen.map((each) => [each?.currencyCode, each?.minorUnits]),
        [amount, amount, part, amount].map((each) => [each.currencyCode, each.minorUnits]),
      );
      if (!isRight || last?.state !== PaymentState.REFUNDED || last.stripeAmounts) faults.push(code);
    };
    for (let at = 0; at < taken.length; at += 4) await Promise.all(taken.slice(at, at + 4).map(run));
    expect(taken.length).toBeGreaterThan(150);
    expect(faults).toEqual([]);
  });

  it('money-units: shows a fraction of a minor unit in Stripe’s unit', async () => {
    const { payment } = await create({ amount: money('ISK', 5400n) });
    const intent = stripe.account.find('payment_intent', payment?.stripePaymentIntentId ?? '');
    stripe.account.put({ ...intent, amount: 5450 } as typeof intent);
    stripe.account.pay(intent.id);
    await snapshots.apply([stripe.account.find('payment_intent', intent.id)], new Date(Date.now() + 60_000));
    const shown = await get(payment?.id ?? '');
    expect(shown).toMatchObject({
      ...{ state: PaymentState.SUCCEEDED, captured: money('ISK', 54n) },
      stripeAmounts: { amount: 5450n, captured: 5450n, refunded: 0n, decimals: 2 },
    });
    // The fraction cannot be refunded, the rest can.
    const { payment: back } = await refund({ id: shown.id });
    expect(back).toMatchObject({
      ...{ state: PaymentState.PARTIALLY_REFUNDED, refunded: money('ISK', 54n) },
      stripeAmounts: { captured: 5450n, refunded: 5400n },
    });
    expect(await faultOf(refund({ id: shown.id }))).toMatchObject({ metadata: { why: 'nothing_left' } });
  });
});

describe('RefundPayment', () => {
  it('refunds a part, and then the rest', async () => {
    const { id } = await paid();
    const part = await refund({ id, amount: EUR(500n), reason: 'duplicate' });
    expect(part.payment).toMatchObject({ state: PaymentState.PARTIALLY_REFUNDED, refunded: EUR(500n) });
    expect(part.payment?.refunds).toMatchObject([
      { state: RefundState.SUCCEEDED, amount: EUR(500n), reason: 'duplicate' },
    ]);
    const rest = await refund({ id });
    expect(rest.payment).toMatchObject({ state: PaymentState.REFUNDED, refunded: EUR(1999n) });
    expect(rest.payment?.refunds.map(({ amount }) => amount?.minorUnits)).toEqual([500n, 1499n]);
  });

  it('refunds once for one request, also when the answer was lost', async () => {
    const { id } = await paid();
    const request = { id, requestId: randomUUID(), amount: EUR(500n) };
    stripe.plan({ fault: 'drop after', times: 3 });
    expect(await faultOf(refund(request))).toMatchObject({ reason: 'STRIPE_UNAVAILABLE' });
    const first = await refund(request);
    expect(await refund(request)).toEqual(first);
    expect(first.payment?.refunds).toHaveLength(1);
    expect(await faultOf(refund({ ...request, amount: EUR(501n) }))).toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('charge-without-intent: refunds a charge without intent, and no payment made outside Stripe', async () => {
    const intent = (await create()).payment?.stripePaymentIntentId ?? '';
    stripe.account.pay(intent);
    const charge = stripe.account.list('charge').find((each) => each.payment_intent === intent);
    const shown = { ...charge, id: charge?.id ?? '', object: 'charge', payment_intent: null };
    const invoice = { id: `in_${intent}`, object: 'invoice', status: 'paid', payment_intent: null };
    const money = { amount_paid: 1999, currency: 'eur', metadata: { tenant_id: tenantId, user_id: userId } };
    await snapshots.apply([shown, { ...invoice, ...money }], new Date());
    const { payments } = await billing.payments.listPayments({ tenantId, userId });
    const [byCharge, byInvoice] = [shown.id, invoice.id].map((id) =>
      payments.find((each) => each.stripeChargeId === id || each.stripeInvoiceId === id),
    );
    expect(byCharge).toMatchObject({ stripePaymentIntentId: '', captured: EUR(1999n) });
    const sent = await refund({ id: byCharge?.id ?? '', amount: EUR(500n) });
    expect(sent.payment).toMatchObject({ refunded: EUR(500n), refunds: [{ amount: EUR(500n) }] });
    expect(await faultOf(refund({ id: byInvoice?.id ?? '' }))).toMatchObject({
      ...{ reason: 'NOT_REFUNDABLE', metadata: { why: 'not_by_stripe' } },
    });
  });

  it('refuses an amount that is not captured, exceeds the rest, or has another currency', async () => {
    const { payment } = await create();
    expect(await faultOf(refund({ id: payment?.id ?? '' }))).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'NOT_REFUNDABLE',
      metadata: { why: 'not_captured' },
    });
    const { id } = await paid();
    const cases = [
      [EUR(2000n), 'more_than_left'],
      [{ currencyCode: 'USD', minorUnits: 1n }, 'other_currency'],
    ] as const;
    for (const [amount, why] of cases)
      expect(await faultOf(refund({ id, amount }))).toMatchObject({ metadata: { why } });
    await refund({ id });
    expect(await faultOf(refund({ id }))).toMatchObject({ metadata: { why: 'nothing_left' } });
  });

  it('does not find a payment of another tenant', async () => {
    const { id } = await paid();
    const other = { tenantId: 'other', id };
    for (const call of [
      () => refund(other),
      () => billing.payments.getPayment(other),
      () => billing.payments.listPaymentEvents(other),
    ])
      expect(await faultOf(call())).toMatchObject({ code: 'NotFound', reason: 'PAYMENT_NOT_FOUND' });
  });
});

describe('ListPayments', () => {
  it('pages through the payments of a user, newest first, with their refunds', async () => {
    const user = newUser();
    const made: Payment[] = [];
    for (let i = 0; i < 5; i++) made.push(await paid({ userId: user }));
    await refund({ id: made[2]?.id ?? '' });
    const ids: string[] = [];
    for (let pageToken = '', first = true; first || pageToken; first = false) {
      const page = await billing.payments.listPayments({ tenantId, userId: user, pageSize: 2, pageToken });
      ids.push(...page.payments.map(({ id }) => id));
      pageToken = page.nextPageToken;
      for (const each of page.payments) expect(each.refunds).toHaveLength(each.id === made[2]?.id ? 1 : 0);
    }
    expect([...ids].sort()).toEqual(made.map(({ id }) => id).sort());
    const times = ids.map((id) => made.find((each) => each.id === id)?.createTime?.seconds ?? 0n);
    expect(times).toEqual(times.toSorted((a, b) => Number(b - a)));
  });

  it('filters by booking and by state', async () => {
    const bookingId = randomUUID();
    const [waiting, done] = [await create({ bookingId }), await paid({ bookingId })];
    const list = async (states: PaymentState[]) => {
      const { payments } = await billing.payments.listPayments({ tenantId, bookingId, states });
      return payments.map(({ id }) => id).sort();
    };
    expect(await list([])).toEqual([waiting.payment?.id, done.id].sort());
    expect(await list([PaymentState.SUCCEEDED])).toEqual([done.id]);
    expect(await list([PaymentState.REFUNDED, PaymentState.PENDING])).toEqual([waiting.payment?.id]);
  });

  it('accepts a page token only with the filters it was made for', async () => {
    const user = newUser();
    for (let i = 0; i < 2; i++) await create({ userId: user });
    const first = await billing.payments.listPayments({ tenantId, userId: user, pageSize: 1 });
    const other = billing.payments.listPayments({ tenantId, pageSize: 1, pageToken: first.nextPageToken });
    expect(await faultOf(other)).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  });
});

describe('ListPaymentEvents', () => {
  it('pages through the applied events, oldest first', async () => {
    const { id, stripePaymentIntentId: intent } = await paid();
    for (let i = 0; i < 3; i++)
      await billing.sql(
        `insert into stripe_events (id, type, create_time, livemode, object_kind, object_id, payment_intent, payload, state, apply_time)
         values ($1, 'payment_intent.created', to_timestamp($2), false, 'payment_intent', $3, $3, '[]', 'applied', now())`,
        [`evt_${i}-${intent}.x`, 1_700_000_000 + Math.floor(i / 2), intent],
      );
    const seen: string[] = [];
    for (let pageToken = '', first = true; first || pageToken; first = false) {
      const page = await billing.payments.listPaymentEvents({ tenantId, id, pageSize: 2, pageToken });
      seen.push(...page.events.map(({ stripeEventId }) => stripeEventId));
      pageToken = page.nextPageToken;
    }
    expect(seen).toEqual([0, 1, 2].map((i) => `evt_${i}-${intent}.x`));
  });
});

describe('without a Stripe key', () => {
  it('names the variable, and still answers reads', async () => {
    await using without = await startBilling();
    without.users.put(tenantId, userId, { displayName: 'Ana' });
    const call = without.payments.createPayment({
      tenantId,
      requestId: randomUUID(),
      userId,
      amount: EUR(1n),
    });
    expect(await faultOf(call)).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'STRIPE_NOT_CONFIGURED',
      metadata: { variables: 'STRIPE_API_KEY' },
    });
    expect((await without.payments.listPayments({ tenantId })).payments).toEqual([]);
  });
});

function isOf(metadata: unknown, requestId: string): boolean {
  return (metadata as Record<string, unknown>).request_id === requestId;
}
