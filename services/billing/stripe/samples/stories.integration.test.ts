import { createLogger, type Logger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyDue } from '../../webhooks/apply/applier.ts';
import { storeEvents } from '../../webhooks/postgres/event-rows.ts';
import { readWebhookEvent } from '../../webhooks/receive/webhook-event.ts';
import { randomLetters } from './sample-payment.ts';
import { shuffled } from './shuffle.ts';
import { STORIES, type Story, storyOf } from './stories.ts';

const stack = new AsyncDisposableStack();
const logger: Logger = createLogger({ service: 'test', level: 'silent' });
let pool: Pool;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('billing'));
  const url = new Secret(database.url);
  pool = createPool({ url, maxConnections: 2, statementTimeoutMs: 5000, logger });
  stack.defer(() => pool.end());
});

afterAll(() => stack.disposeAsync());

const ENDS: Readonly<Record<Story, object>> = {
  paid: { state: 'SUCCEEDED', captured: '1999', refunded: '0', dispute_state: null },
  'failed-then-paid': { state: 'SUCCEEDED', captured: '1999', refunded: '0', failure_code: null },
  canceled: { state: 'CANCELED', captured: '0' },
  refund: { state: 'REFUNDED', captured: '1999', refunded: '1999' },
  'partial-refunds': { state: 'REFUNDED', refunded: '1999' },
  'dispute-lost': { state: 'SUCCEEDED', dispute_state: 'LOST' },
  'dispute-won': { state: 'SUCCEEDED', dispute_state: 'WON' },
};

describe('a story', () => {
  it.each(STORIES)('%s ends the same in every order, each event alone and twice', async (story) => {
    for (let seed = 0; seed < 10; seed++) {
      const payment = {
        ...{ id: `pi_${randomLetters(20)}`, amount: 1999, currency: 'eur', created: 1_790_000_000 },
        ...{ customer: null, metadata: { tenant_id: 'acme' } },
      };
      const events = storyOf(story, payment);
      for (const event of shuffled([...events, ...events], seed)) {
        await storeEvents(pool, [readWebhookEvent(JSON.stringify(event))]);
        await applyDue({ pool, logger });
      }
      const { rows } = await pool.query('select * from payments where stripe_payment_intent_id = $1', [
        payment.id,
      ]);
      expect(rows).toMatchObject([{ tenant_id: 'acme', ...ENDS[story] }]);
    }
    const { rows } = await pool.query(`select type, last_error from stripe_events where state <> 'applied'`);
    expect(rows).toEqual([]);
  });
});
