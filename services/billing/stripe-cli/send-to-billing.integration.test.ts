import { randomUUID } from 'node:crypto';
import { type Payment, PaymentState, RefundState } from '@rollcall/contract/billing';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BillingUnderTest, startBilling } from '../testing/start-billing.ts';
import { readReplayCommand, runReplay } from './replay-command.ts';
import { readSendCommand } from './send-command.ts';
import { runSend } from './send-events.ts';

const SECRETS = { STRIPE_WEBHOOK_SECRETS: 'whsec_new,whsec_old' };
const stack = new AsyncDisposableStack();
let billing: BillingUnderTest;

beforeAll(async () => {
  billing = stack.use(await startBilling(SECRETS));
});

afterAll(() => stack.disposeAsync());

async function send(...args: string[]): Promise<number> {
  const url = `${billing.httpUrl}/webhooks/stripe`;
  const command = readSendCommand([...args, '--tenant', 'acme', '--url', url]);
  return await runSend(command, { ROLLCALL_DATA_DIR: '/nowhere', ...SECRETS }, { write: () => {} });
}

async function paymentsOf(userId: string): Promise<Payment[]> {
  return (await billing.payments.listPayments({ tenantId: 'acme', userId })).payments;
}

describe('npm run stripe -- send, to the billing service', () => {
  it.each([1, 2, 3])('a refunded payment has its final state after a shuffle with seed %i', async (seed) => {
    const [userId, bookingId] = [randomUUID(), randomUUID()];
    const options = [
      '--shuffle',
      String(seed),
      '--duplicates',
      '2',
      '--user',
      userId,
      '--booking',
      bookingId,
    ];
    expect(await send('--story', 'partial-refunds', ...options)).toBe(0);
    await vi.waitFor(
      async () => {
        expect(await paymentsOf(userId)).toMatchObject([
          { state: PaymentState.REFUNDED, bookingId, refunded: { currencyCode: 'EUR', minorUnits: 1999n } },
        ]);
      },
      { timeout: 10_000 },
    );
    const [payment] = await paymentsOf(userId);
    expect(payment?.refunds.map(({ state }) => state)).toEqual([
      RefundState.SUCCEEDED,
      RefundState.SUCCEEDED,
    ]);
    await vi.waitFor(async () => {
      const { events } = await billing.payments.listPaymentEvents({
        tenantId: 'acme',
        id: payment?.id ?? '',
      });
      expect(events).toHaveLength(10);
    });
  });

  it('a replayed event is applied again and changes nothing', async () => {
    const userId = randomUUID();
    await send('--story', 'paid', '--user', userId);
    await vi.waitFor(async () => {
      expect(await paymentsOf(userId)).toMatchObject([{ state: PaymentState.SUCCEEDED }]);
    });
    const logger = createLogger({ service: 'test', level: 'silent' });
    const url = new Secret(billing.databaseUrl);
    const pool = createPool({ url, maxConnections: 1, statementTimeoutMs: 5000, logger });
    await using _ = { [Symbol.asyncDispose]: () => pool.end() };
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    const before = await paymentsOf(userId);
    const events = await billing.sql(`select id from stripe_events where type = 'payment_intent.succeeded'`);
    const command = readReplayCommand(events.map(({ id }) => String(id)));
    expect(await runReplay(command, pool, { write: () => {} })).toBe(0);
    await vi.waitFor(async () => expect(await waiting()).toBe(0), { timeout: 10_000 });
    expect(await paymentsOf(userId)).toEqual(before);
  });
});

async function waiting(): Promise<number> {
  const [row] = await billing.sql(
    `select count(*)::int as waiting from stripe_events where state <> 'applied'`,
  );
  return Number(row?.waiting);
}
