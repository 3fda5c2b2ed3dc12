import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import {
  createStripeGateway,
  idempotencyKey,
  STRIPE_KINDS,
  type StripeGateway,
} from '@rollcall/billing/stripe';
import { Secret } from '@rollcall/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const isThere = !spawnSync('stripe-mock', ['-version']).error;
if (!isThere) process.stdout.write('stripe-mock is not on this machine: its cases are left out.\n');

const metadata = { tenant_id: 'acme', user_id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
const stack = new AsyncDisposableStack();
let gateway: StripeGateway;
let writes = 0;

/** What every write has. */
function newKey() {
  return idempotencyKey({ what: 'test', tenantId: 'acme', requestId: String(writes++) });
}

describe.runIf(isThere)('stripe-mock, which holds requests to Stripe’s own description of its API', () => {
  beforeAll(async () => {
    const port = await freePort();
    const mock = spawn('stripe-mock', ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
    stack.defer(() => end(mock));
    const apiBase = new URL(`http://127.0.0.1:${port}`);
    await untilAnswers(apiBase);
    gateway = stack.use(createStripeGateway({ apiKey: new Secret('sk_test_123'), apiBase }));
  });

  afterAll(() => stack.disposeAsync());

  it('takes a customer', async () => {
    const customer = await gateway.createCustomer({ metadata, idempotencyKey: newKey() });
    expect(customer.object).toBe('customer');
  });

  it('takes a subscription, its end, and its end at the end of the period', async () => {
    const subscription = await gateway.createSubscription({
      customerId: 'cus_1',
      priceId: 'price_1',
      paymentMethodId: 'pm_1',
      metadata,
      idempotencyKey: newKey(),
    });
    expect(subscription.object.object).toBe('subscription');
    for (const atPeriodEnd of [true, false]) {
      const cancellation = { subscriptionId: subscription.id, atPeriodEnd, idempotencyKey: newKey() };
      expect((await gateway.cancelSubscription(cancellation)).id).toBe(subscription.id);
    }
  });

  it('is searched for a subscription', async () => {
    expect(await gateway.findSubscription({ customerId: 'cus_1', subscriptionId: 'ours' })).toBeUndefined();
  });

  it('takes a payment intent, and answers it with its secret', async () => {
    const intent = await gateway.createPaymentIntent({
      amount: { currencyCode: 'EUR', minorUnits: 1999n },
      description: 'Two nights',
      metadata,
      idempotencyKey: newKey(),
    });
    expect(intent).toMatchObject({
      object: { object: 'payment_intent', amount: 1999, currency: 'eur' },
    });
    expect((await gateway.findPaymentIntent(intent.id))?.clientSecret).not.toBe('');
  });

  it('takes a refund', async () => {
    const refund = await gateway.createRefund({
      paymentIntentId: 'pi_1',
      amount: { currencyCode: 'EUR', minorUnits: 500n },
      reason: 'requested_by_customer',
      metadata,
      idempotencyKey: newKey(),
    });
    expect(refund).toMatchObject({ object: 'refund', amount: 500 });
  });

  it('refuses what the description does not know', async () => {
    const refund = gateway.createRefund({
      paymentIntentId: 'pi_1',
      amount: { currencyCode: 'EUR', minorUnits: 500n },
      reason: 'no such reason' as 'duplicate',
      metadata,
      idempotencyKey: newKey(),
    });
    await expect(refund).rejects.toMatchObject({ reason: 'STRIPE_REFUSED' });
  });

  it.each(STRIPE_KINDS)('answers one %s and lists of them', async (kind) => {
    expect(await gateway.retrieve(kind, 'id_1')).toMatchObject({ object: kind });
    const list = { createdFrom: 0, createdBefore: 2_000_000_000, after: 'id_0', limit: 100 };
    const { objects } = await gateway.list(kind, list);
    expect(objects.map(({ object }) => object)).toEqual([kind]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === 'object' && address) return address.port;
  throw new Error('no port');
}

async function untilAnswers(url: URL): Promise<void> {
  for (let left = 100; left > 0; left--) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return;
    await wait(100);
  }
  throw new Error('stripe-mock did not begin to answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}
