import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchCase } from '../../harness/bench-case.ts';
import { perSecond } from '../../harness/compare.ts';
import { quantile, toSpread } from '../../harness/stats.ts';
import { startBilling } from '../../world/start-services.ts';
import { type Delivery, mixPayments, sign } from './payment-mix.ts';
import { DELIVERIES_AT_ONCE, SECRET } from './webhook-contestant.ts';

/** Payments of the run that finds the highest rate, and of each round at half of that rate. */
const PAYMENTS = 2_000;
const TICK_MS = 5;

/** How long Stripe waits for an answer while the service is busy. */
export const ack: BenchCase = {
  name: 'ack',
  doc: 'p99 of POST /webhooks/stripe, from the first byte sent to the answer, at half of the highest rate',
  async run({ world, rounds }) {
    const postgres = await world.durable();
    await using billing = await startBilling(postgres.databaseUrl('billing'), {
      STRIPE_WEBHOOK_SECRETS: SECRET,
    });
    const agent = new Agent({ keepAlive: true, maxSockets: DELIVERIES_AT_ONCE });
    const post = (delivery: Delivery) => postTo({ port: billing.httpPort, agent }, delivery);
    try {
      const highest: number[] = [];
      for (let i = 0; i < 3; i++) {
        const deliveries = sign(mixPayments(`high${i}x`, PAYMENTS).bodies, SECRET);
        highest.push(
          await perSecond(deliveries.length, () => forEachConcurrently(deliveries, DELIVERIES_AT_ONCE, post)),
        );
        await sleep(1000);
      }
      const rate = Math.max(...highest) / 2;
      const p99s: number[] = [];
      const all: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const times = await atRate(sign(mixPayments(`ack${round}x`, PAYMENTS).bodies, SECRET), rate, post);
        p99s.push(quantile(times, 0.99));
        all.push(...times);
      }
      return {
        value: toSpread(p99s),
        unit: 'ms p99',
        target: { of: 'value', bound: 'at most', figure: 50 },
        notes: [
          `at ${Math.round(rate)} deliveries/s, half of the highest rate; median ${quantile(all, 0.5).toFixed(1)} ms, slowest ${quantile(all, 1).toFixed(0)} ms`,
        ],
      };
    } finally {
      agent.destroy();
    }
  },
};

/**
 * Sends deliveries at a fixed rate without waiting for answers. Times count from the moment when each was
 * due.
 */
async function atRate(
  deliveries: readonly Delivery[],
  rate: number,
  post: (delivery: Delivery) => Promise<void>,
): Promise<number[]> {
  const times: number[] = [];
  const open: Promise<void>[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < deliveries.length; ) {
    const due = Math.min(deliveries.length, Math.floor(((performance.now() - startMs) * rate) / 1000));
    for (; sent < due; sent++) {
      const dueMs = startMs + (sent * 1000) / rate;
      open.push(post(deliveries[sent] as Delivery).then(() => void times.push(performance.now() - dueMs)));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(open);
  return times;
}

function postTo(
  { port, agent }: { port: number; agent: Agent },
  { body, signature }: Delivery,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  const sending = request({
    host: '127.0.0.1',
    port,
    path: '/webhooks/stripe',
    method: 'POST',
    agent,
    headers,
  });
  sending.on('response', (response) => {
    response.resume();
    response.on('end', () => {
      if (response.statusCode === 200) resolve();
      else reject(new Error(`a delivery was answered ${response.statusCode}`));
    });
  });
  sending.on('error', reject);
  sending.end(body);
  return promise;
}

/** Runs `work` for each item, `atOnce` of them at the same time. */
export async function forEachConcurrently<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
) {
  let next = 0;
  const go = async () => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, go));
}
