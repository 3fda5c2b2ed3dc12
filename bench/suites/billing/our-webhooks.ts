import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWebhooks } from '@rollcall/billing';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { forEachConcurrently } from './ack.ts';
import type { Delivery, PaymentMix } from './payment-mix.ts';
import { CONNECTIONS, DELIVERIES_AT_ONCE, SECRET, type WebhookContestant } from './webhook-contestant.ts';

const POLL_MS = 5;

/** Opens the webhooks of the billing service without sockets, as the peer has none. */
export function openOurWebhooks(databaseUrl: string): WebhookContestant {
  const logger = createLogger({ service: 'bench', level: 'error' });
  const url = new Secret(databaseUrl);
  const pool = createPool({ url, maxConnections: CONNECTIONS, statementTimeoutMs: 60_000, logger });
  const webhooks = openWebhooks({ pool, logger, secrets: [new Secret(SECRET)], toleranceS: 300 });
  const [route] = Object.values(webhooks.postRoutes);
  if (route === undefined) throw new Error('no webhook is served');
  const deliver = async ({ body, signature }: Delivery) => {
    const { status } = await route.answer({
      body: Buffer.from(body),
      peer: '127.0.0.1:1',
      header: (name) => (name === 'stripe-signature' ? signature : undefined),
    });
    if (status !== 200) throw new Error(`a delivery was answered ${status}`);
  };
  const pending = async () =>
    (await pool.query(`select from stripe_events where state in ('received', 'failed') limit 1`)).rowCount;
  return {
    async play(deliveries) {
      await forEachConcurrently(deliveries, DELIVERIES_AT_ONCE, deliver);
      while ((await pending()) !== 0) await sleep(POLL_MS);
    },
    async countWrong({ payments }: PaymentMix) {
      const { rows } = await pool.query(
        `select stripe_payment_intent_id as intent, state, captured, refunded, dispute_state from payments
          where stripe_payment_intent_id = any($1)`,
        [[...payments.keys()]],
      );
      const right = rows.filter((row) => {
        const final = payments.get(row.intent);
        return (
          final?.state === row.state &&
          final?.captured === Number(row.captured) &&
          final?.refunded === Number(row.refunded) &&
          final?.disputeState === row.dispute_state
        );
      });
      return { wrong: payments.size - right.length, of: payments.size };
    },
    async [Symbol.asyncDispose]() {
      await webhooks[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}
