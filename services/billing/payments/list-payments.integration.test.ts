import { randomUUID } from 'node:crypto';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import type { UserAliases } from '@rollcall/user-access';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StripeObject } from '../ledger/stripe-object.ts';
import { createPostgresPaymentReads } from '../postgres/payment-store.ts';
import { paymentIntentSample } from '../stripe/samples/payment-intent.ts';
import { randomLetters } from '../stripe/samples/sample-payment.ts';
import { createLedgerSnapshots } from '../webhooks/apply/ledger-snapshots.ts';
import { listPayments } from './list-payments.ts';

const stack = new AsyncDisposableStack();
const tenantId = 'acme';
let pool: Pool;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('billing'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  pool = createPool({ url: new Secret(database.url), maxConnections: 1, statementTimeoutMs: 5000, logger });
  stack.defer(() => pool.end());
});

afterAll(() => stack.disposeAsync());

async function pay(userId: string): Promise<string> {
  const id = `pi_${randomLetters(20)}`;
  const payment = {
    ...{ id, amount: 100, currency: 'eur', created: 1_790_000_000, customer: null },
    metadata: { tenant_id: tenantId, user_id: userId },
  };
  const intent = paymentIntentSample(payment, { status: 'succeeded' }) as unknown as StripeObject;
  await createLedgerSnapshots(pool).apply([intent], new Date());
  return id;
}

it('shows the payments of merged users as one history, by any of their ids, and no others', async () => {
  const [survivor, merged, other] = [randomUUID(), randomUUID(), randomUUID()];
  const aliases: UserAliases = {
    survivorOf: async (_tenantId, id) => (id === merged ? survivor : id),
    allIdsOf: async (_tenantId, ids) => (ids.includes(survivor) ? [survivor, merged] : [...ids]),
  };
  const [first, second] = [await pay(survivor), await pay(merged)];
  await pay(other);
  const reads = createPostgresPaymentReads(pool);
  for (const userId of [survivor, merged]) {
    const { rows } = await listPayments({ reads, aliases }, { tenantId, userId, limit: 10 });
    expect(rows.map((each) => each.stripePaymentIntentId).sort()).toEqual([first, second].sort());
    // Each payment names the id that paid.
    expect(rows.map((each) => each.userId).sort()).toEqual([survivor, merged].sort());
  }
});
