import { randomUUID } from 'node:crypto';
import { SubscriptionState } from '@rollcall/contract/billing';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { expect, it } from 'vitest';
import { createStripeGateway } from '../stripe/create-stripe-gateway.ts';
import { startBilling } from '../testing/start-billing.ts';
import { STRIPE_TEST_KEY, startStripeServer } from '../testing/stripe-server.ts';
import { erasedRows } from './erased-rows.ts';

it('erased-elsewhere: deletes the customer at Stripe, and leaves it to an operator when it cannot', async () => {
  await using stripe = await startStripeServer();
  const env = { STRIPE_API_KEY: STRIPE_TEST_KEY, STRIPE_API_BASE: stripe.url.href };
  await using billing = await startBilling(env);
  const user = { tenantId: 'acme', userId: randomUUID() };
  billing.users.put(user.tenantId, user.userId, { displayName: 'Ada' });
  const paid = await billing.sell({ minorUnits: 900n, stripePriceId: 'price_900' });
  await billing.customers.subscribe({ ...user, ...paid });
  const [customer] = await billing.sql('select stripe_customer_id as id from customers');
  const logger = createLogger({ service: 'test', level: 'silent' });
  const url = new Secret(billing.databaseUrl);
  await using stack = new AsyncDisposableStack();
  const options = { url, maxConnections: 1, statementTimeoutMs: 5000, logger };
  const pool = stack.adopt(createPool(options), (each) => each.end());
  const remaining = async (apiKey: Secret | undefined) => {
    using gateway = createStripeGateway({ apiKey, apiBase: stripe.url, maxRetries: 0 });
    return await erasedRows(pool, gateway).elsewhere?.(user, new AbortController().signal);
  };
  expect(await remaining(undefined)).toBe(
    `Stripe customer ${customer?.id} is to be deleted by hand: the service has no STRIPE_API_KEY.`,
  );
  expect(stripe.account.list('customer')).toHaveLength(1);
  const key = new Secret(STRIPE_TEST_KEY);
  expect(await remaining(key)).toBe('');
  expect(stripe.account.list('customer')).toEqual([]);
  expect(await remaining(key)).toBe('');
});

it('portal-cancel: ends a free subscription, with the time', async () => {
  await using billing = await startBilling();
  const user = { tenantId: 'acme', userId: randomUUID() };
  billing.users.put(user.tenantId, user.userId, { displayName: 'Ada' });
  await billing.customers.subscribe({ ...user, ...(await billing.sell({ minorUnits: 0n })) });
  const gateway = { isConfigured: false, deleteCustomer: async () => {} };
  for (const { text } of erasedRows({} as Pool, gateway).statements)
    await billing.sql(text, [user.tenantId, [user.userId], 100]);
  const { customer } = await billing.customers.getCustomer({ tenantId: user.tenantId, id: user.userId });
  expect(customer?.subscription).toMatchObject({
    state: SubscriptionState.CANCELED,
    endTime: expect.anything(),
  });
});
