import { inspect } from 'node:util';
import { Secret } from '@rollcall/runtime';
import type { CallEnd } from '@rollcall/transport/guard';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BillingError } from '../errors.ts';
import { STRIPE_KINDS } from '../ledger/stripe-object.ts';
import { idempotencyKey, type NewPaymentIntent, type StripeGateway } from '../payments/stripe-gateway.ts';
import { STRIPE_TEST_KEY, type StripeServer, startStripeServer } from '../testing/stripe-server.ts';
import { createStripeGateway, type StripeGatewayOptions } from './create-stripe-gateway.ts';
import { disputeSample } from './samples/dispute.ts';
import { invoiceSample } from './samples/invoice.ts';

const stack = new AsyncDisposableStack();
const metadata = { tenant_id: 'acme', user_id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
let server: StripeServer;
let gateway: StripeGateway;
let writes = 0;

beforeAll(async () => {
  server = stack.use(await startStripeServer());
  gateway = open();
});

afterEach(() => server.heal());
afterAll(() => stack.disposeAsync());

function open(options: Partial<StripeGatewayOptions> = {}): StripeGateway {
  return stack.use(
    createStripeGateway({ apiKey: new Secret(STRIPE_TEST_KEY), apiBase: server.url, ...options }),
  );
}

function newKey(): string {
  return idempotencyKey({ what: 'test', tenantId: 'acme', requestId: String(writes++) });
}

const EUR = (minorUnits: bigint) => ({ currencyCode: 'EUR', minorUnits });

function newIntent(terms: Partial<NewPaymentIntent> = {}): NewPaymentIntent {
  return { amount: EUR(1999n), description: '', metadata, idempotencyKey: newKey(), ...terms };
}

async function refusalOf(call: Promise<unknown>): Promise<BillingError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BillingError) return error;
  throw new Error('The call was not refused as the domain refuses', { cause: error });
}

describe('writes', () => {
  it('make a payment intent with the owner in its metadata, without the secret in the object', async () => {
    const made = await gateway.createPaymentIntent(newIntent({ description: 'Two nights' }));
    expect(made.object).toMatchObject({
      id: made.id,
      object: 'payment_intent',
      amount: 1999,
      currency: 'eur',
      metadata,
    });
    expect(made.clientSecret).toMatch(/^pi_.+_secret_/);
    expect(inspect(made.object, { depth: 9 })).not.toContain('_secret_');
    expect(await gateway.findPaymentIntent(made.id)).toEqual(made);
  });

  it('make one object per key, and refuse the key for another one', async () => {
    const order = newIntent();
    const [first, second] = [
      await gateway.createPaymentIntent(order),
      await gateway.createPaymentIntent(order),
    ];
    expect(second.id).toBe(first.id);
    const other = { ...order, amount: { currencyCode: 'EUR', minorUnits: 1n } };
    expect(await refusalOf(gateway.createPaymentIntent(other))).toMatchObject({
      reason: 'STRIPE_REFUSED',
      metadata: { stripe_code: 'idempotency_error' },
    });
  });

  it('make one object when the connection broke after its creation', async () => {
    server.plan({ fault: 'drop after' });
    const description = `broken ${newKey()}`;
    const made = await gateway.createPaymentIntent(newIntent({ description }));
    const sent = server.requests.filter(({ form }) => form.get('description') === description);
    expect(sent.map((each) => each.idempotencyKey)).toEqual([
      sent[0]?.idempotencyKey,
      sent[0]?.idempotencyKey,
    ]);
    expect(await gateway.retrieve('payment_intent', made.id)).toEqual(made.object);
  });

  it('refund', async () => {
    const { id } = await gateway.createPaymentIntent(newIntent());
    server.account.pay(id);
    const order = { paymentIntentId: id, reason: 'duplicate', metadata } as const;
    const refund = await gateway.createRefund({ ...order, amount: EUR(500n), idempotencyKey: newKey() });
    expect(refund).toMatchObject({
      object: 'refund',
      amount: 500,
      payment_intent: id,
      reason: 'duplicate',
      metadata,
    });
    const { charge } = refund;
    const byCharge = { ...order, paymentIntentId: null, chargeId: String(charge), amount: EUR(100n) };
    expect(await gateway.createRefund({ ...byCharge, idempotencyKey: newKey() })).toMatchObject({
      ...{ amount: 100, charge, payment_intent: null },
    });
    const tooMuch = gateway.createRefund({ ...order, amount: EUR(1500n), idempotencyKey: newKey() });
    expect(await refusalOf(tooMuch)).toMatchObject({
      reason: 'STRIPE_REFUSED',
      metadata: { stripe_code: 'amount_too_large', stripe_request_id: 'req_standin' },
    });
  });

  it('make a customer and a subscription, find it by billing’s id, and end it repeatedly', async () => {
    const customer = await gateway.createCustomer({ metadata, idempotencyKey: newKey() });
    const made = await gateway.createSubscription({
      customerId: customer.id,
      priceId: 'price_1',
      paymentMethodId: 'pm_1',
      metadata: { ...metadata, subscription_id: 'ours' },
      idempotencyKey: newKey(),
    });
    expect(made).toMatchObject({ status: 'incomplete', cancelAtPeriodEnd: false });
    expect(made.clientSecret).toBe(`${made.id}_secret`);
    expect(made.currentPeriodEnd).toBeInstanceOf(Date);
    expect(made.object.latest_invoice).toMatch(/^in_/);
    const wanted = { customerId: customer.id, subscriptionId: 'ours' };
    expect((await gateway.findSubscription(wanted))?.id).toBe(made.id);
    expect(await gateway.findSubscription({ ...wanted, subscriptionId: 'not ours' })).toBeUndefined();
    const end = (atPeriodEnd: boolean) =>
      gateway.cancelSubscription({ subscriptionId: made.id, atPeriodEnd, idempotencyKey: newKey() });
    expect(await end(true)).toMatchObject({ status: 'incomplete', cancelAtPeriodEnd: true });
    expect(await end(false)).toMatchObject({ status: 'canceled' });
    expect(await end(false)).toMatchObject({ status: 'canceled' });
  });
});

describe('reads', () => {
  it('return undefined when Stripe has no object', async () => {
    expect(await gateway.retrieve('charge', 'ch_none')).toBeUndefined();
    expect(await gateway.findPaymentIntent('pi_none')).toBeUndefined();
  });

  it.each(STRIPE_KINDS)('walk the list of each %s in pages, within the requested period', async (kind) => {
    const made = [100, 101, 102, 103, 104].map((created) => ({
      id: `${kind}_${created}`,
      object: kind,
      created,
    }));
    for (const each of made) server.account.put(each);
    const list = { createdFrom: 101, createdBefore: 104, limit: 2 };
    const first = await gateway.list(kind, list);
    expect(first).toMatchObject({ objects: [{ created: 103 }, { created: 102 }], hasMore: true });
    const second = await gateway.list(kind, { ...list, after: first.objects[1]?.id });
    expect(second).toMatchObject({ objects: [{ created: 101 }], hasMore: false });
    expect(await gateway.retrieve(kind, `${kind}_100`)).toEqual(made[0]);
  });

  it('return objects as an event holds them', async () => {
    const payment = { id: 'pi_plain', amount: 5, currency: 'eur', created: 1, customer: null, metadata };
    const dispute = disputeSample(payment, { status: 'lost', movements: 1 });
    const invoice = invoiceSample(
      { ...payment, id: 'in_plain', customer: 'cus_1', subscription: null },
      'paid',
    );
    for (const each of [dispute, invoice]) server.account.put(each);
    expect(await gateway.retrieve('dispute', dispute.id)).toEqual(dispute);
    expect(await gateway.retrieve('invoice', invoice.id)).toEqual(invoice);
  });
});

describe('trouble', () => {
  it('is retried until Stripe answers', async () => {
    server.plan({ fault: { status: 500 }, times: 2 });
    expect((await gateway.createPaymentIntent(newIntent())).id).toMatch(/^pi_/);
  });

  it.each([
    ['too many requests', { status: 429, retryAfterS: 7 }, { why: 'rate_limited' }, 7000],
    ['too many requests, nobody says how long', { status: 429 }, { why: 'rate_limited' }, 1000],
    ['a failure of Stripe', { status: 503 }, { why: 'status_503' }, 1000],
    ['a broken connection', 'drop before', { why: 'ECONNRESET' }, 1000],
    ['silence', 'silence', { why: 'ETIMEDOUT' }, 1000],
  ] as const)('is STRIPE_UNAVAILABLE after %s', async (_, fault, metadata, retryDelayMs) => {
    server.plan({ fault, times: 9 });
    const refusal = await refusalOf(open({ maxRetries: 0, timeoutMs: 200 }).createPaymentIntent(newIntent()));
    expect(refusal).toMatchObject({ reason: 'STRIPE_UNAVAILABLE', metadata, retryDelayMs });
  });

  it('is STRIPE_UNAVAILABLE when no server listens', async () => {
    const closed = open({ apiBase: new URL('http://127.0.0.1:9'), maxRetries: 0 });
    expect(await refusalOf(closed.retrieve('charge', 'ch_1'))).toMatchObject({
      reason: 'STRIPE_UNAVAILABLE',
      metadata: { why: 'ECONNREFUSED' },
    });
  });

  it('passes on the codes of a refusal, and not Stripe’s message', async () => {
    server.plan({ fault: { status: 402, code: 'card_declined' } });
    const refusal = await refusalOf(gateway.createPaymentIntent(newIntent()));
    expect(refusal).toMatchObject({ reason: 'STRIPE_REFUSED', metadata: { stripe_code: 'card_declined' } });
    expect(inspect(refusal, { depth: 9, showHidden: true })).not.toMatch(/4242|Lovelace|sk_test/);
  });
});

describe('while Stripe hangs', () => {
  const seen: string[] = [];
  const observer = {
    onEnd: ({ target, method, code }: CallEnd) => void seen.push(`${target} ${method} ${code}`),
    onRefused: ({ target, method }: { target: string; method: string }) =>
      void seen.push(`${target} refused ${method}`),
    onState: ({ target, state }: { target: string; state: string }) => void seen.push(`${target} ${state}`),
  };
  const impatient = { maxRetries: 0, timeoutMs: 500, observer };
  const patient = { maxRetries: 0, timeoutMs: 20_000, observer };
  let opened: DisposableStack;
  // Closed before the next test, whose faults would affect its probes.
  const openHere = (options: Partial<StripeGatewayOptions>) =>
    opened.use(createStripeGateway({ apiKey: new Secret(STRIPE_TEST_KEY), apiBase: server.url, ...options }));
  beforeEach(() => {
    seen.length = 0;
    opened = new DisposableStack();
    return () => opened.dispose();
  });
  const post = 'stripe POST /v1/payment_intents';
  const isBack = (of: StripeGateway) =>
    expect
      .poll(() => of.retrieve('charge', 'ch_none').then(() => 'back', String), { timeout: 15_000 })
      .toBe('back');

  it.each([
    ['with silence', 'silence'],
    ['within the body of its answers', 'endless body'],
  ] as const)(
    'outgoing-breakers: calls fail at once after two timeouts in a row, %s, and no write is repeated',
    async (_, fault) => {
      const hanging = openHere(impatient);
      const before = server.requests.length;
      server.plan({ fault, times: Number.POSITIVE_INFINITY });
      const order = newIntent();
      for (let i = 0; i < 2; i++)
        expect(await refusalOf(hanging.createPaymentIntent(order))).toMatchObject({
          metadata: { why: 'ETIMEDOUT' },
        });
      const refusal = await refusalOf(hanging.createPaymentIntent(order));
      expect(refusal).toMatchObject({
        reason: 'STRIPE_UNAVAILABLE',
        message: expect.stringContaining('Stripe'),
        metadata: { why: 'breaker_open' },
        retryDelayMs: 1000,
      });
      expect(await refusalOf(hanging.retrieve('charge', 'ch_1'))).toMatchObject({
        metadata: { why: 'breaker_open' },
      });
      server.heal();
      await isBack(hanging);
      const sent = server.requests.slice(before);
      expect(sent.filter(({ method }) => method === 'POST')).toHaveLength(2);
      // The probes have no idempotency key and create nothing.
      const probes = sent.filter(({ path }) => path === '/v1/payment_intents').slice(2);
      expect(new Set(probes.map(({ method, idempotencyKey }) => `${method} ${idempotencyKey}`))).toEqual(
        new Set(['GET undefined']),
      );
      // Repeats of a key create one payment intent.
      expect((await hanging.createPaymentIntent(order)).id).toBe(
        (await hanging.createPaymentIntent(order)).id,
      );
      expect(seen.slice(0, 5)).toEqual([
        'stripe closed',
        `${post} ETIMEDOUT`,
        ...['stripe open', `${post} ETIMEDOUT`].toSorted(),
        'stripe refused make a payment intent',
      ]);
      expect(seen.at(-1)).toBe(`${post} OK`);
    },
  );

  it('outgoing-breakers: the package does not retry a request that an open breaker would refuse', async () => {
    const repeating = openHere({ timeoutMs: 200, maxRetries: 2 });
    server.plan({ fault: 'silence', times: Number.POSITIVE_INFINITY });
    const order = newIntent({ description: `patient ${newKey()}` });
    expect(await refusalOf(repeating.createPaymentIntent(order))).toMatchObject({
      metadata: { why: 'breaker_open' },
    });
    const sent = server.requests.filter(({ form }) => form.get('description') === order.description);
    expect(sent.map(({ idempotencyKey: key }) => key)).toEqual([order.idempotencyKey, order.idempotencyKey]);
  });

  it.each([
    ['a declined card', { status: 402, code: 'card_declined' }],
    ['too many requests', { status: 429, retryAfterS: 7 }],
    ['an object that is missing', { status: 404, code: 'resource_missing' }],
    ['a key without permission', { status: 403 }],
    ['a fault of ours', { status: 400 }],
  ] as const)('outgoing-breakers: %s is an answer, however often', async (_, fault) => {
    const refusing = openHere(patient);
    server.plan({ fault, times: 20 });
    for (let i = 0; i < 20; i++) await refusalOf(refusing.createPaymentIntent(newIntent()));
    expect((await refusing.createPaymentIntent(newIntent())).id).toMatch(/^pi_/);
    const codes = seen.filter((each) => each.startsWith(post)).map((each) => each.split(' ').at(-1));
    expect(codes).toEqual([...Array<string>(20).fill(String(fault.status)), 'OK']);
    expect(seen).not.toContain('stripe open');
  });

  it('outgoing-breakers: failures of Stripe open the breaker when they are the majority', async () => {
    const failing = openHere(patient);
    server.plan({ fault: { status: 500 }, times: Number.POSITIVE_INFINITY });
    for (let i = 0; i < 12; i++) await refusalOf(failing.retrieve('charge', `ch_${i}`));
    expect(seen).toContain('stripe GET /v1/charges/{id} 500');
    expect(seen).toContain('stripe open');
    server.heal();
    await isBack(failing);
  });
});

describe('without a key', () => {
  it('every call names the variable', async () => {
    const without = open({ apiKey: undefined });
    expect(without.isConfigured).toBe(false);
    for (const call of [
      () => without.createPaymentIntent(newIntent()),
      () => without.retrieve('charge', 'ch_1'),
      () => without.list('charge', { createdFrom: 0, createdBefore: 1, limit: 1 }),
    ])
      expect(await refusalOf(call())).toMatchObject({
        reason: 'STRIPE_NOT_CONFIGURED',
        metadata: { variables: 'STRIPE_API_KEY' },
      });
  });

  it('a key that Stripe rejects does so too', async () => {
    const refusal = await refusalOf(open({ apiKey: new Secret('sk_test_other') }).retrieve('charge', 'ch_1'));
    expect(refusal).toMatchObject({
      reason: 'STRIPE_NOT_CONFIGURED',
      metadata: { variables: 'STRIPE_API_KEY' },
    });
  });
});

describe('settings', () => {
  it('send Stripe no telemetry', async () => {
    await gateway.retrieve('charge', 'ch_none');
    const { headers } = server.requests.at(-1) ?? {};
    expect(headers?.['x-stripe-client-telemetry']).toBeUndefined();
    expect(headers?.['x-stripe-client-user-agent']).not.toContain('platform');
  });

  it('refuse a live key over an unencrypted connection, and a URL with a path', () => {
    expect(() => open({ apiKey: new Secret('sk_live_1') })).toThrow('is not https');
    expect(() => open({ apiBase: new URL('/v2', server.url) })).toThrow('must have no path');
  });
});
