import { Writable } from 'node:stream';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { applyDue } from '../webhooks/apply/applier.ts';
import type { BatchResult } from '../webhooks/apply/apply-batch.ts';
import { storeEvents } from '../webhooks/postgres/event-rows.ts';
import { readWebhookEvent } from '../webhooks/receive/webhook-event.ts';
import type { StoryEvent } from './stripe-story.ts';

/** A ledger in a test database. */
export interface TestLedger extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
  /** The parsed log lines so far. */
  readonly log: readonly Record<string, unknown>[];
  readonly logger: ReturnType<typeof createLogger>;
  /** Stores events as a delivery would. */
  store(events: readonly StoryEvent[]): Promise<void>;
  /** Applies the due events. */
  apply(): Promise<BatchResult>;
  /** Runs a query. */
  rows<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** Creates an empty ledger in a database of its own. */
export async function openTestLedger(): Promise<TestLedger> {
  const database = await createTestDatabase('billing');
  const log: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(line, _, done) {
      log.push(JSON.parse(String(line)));
      done();
    },
  });
  const logger = createLogger({ service: 'test', level: 'debug' }, destination);
  const pool = createPool({
    url: new Secret(database.url),
    maxConnections: 6,
    statementTimeoutMs: 60_000,
    logger,
  });
  return {
    url: database.url,
    pool,
    log,
    logger,
    store: async (events) => {
      for (let at = 0; at < events.length; at += 1000)
        await storeEvents(
          pool,
          events.slice(at, at + 1000).map((each) => readWebhookEvent(JSON.stringify(each))),
        );
    },
    apply: () => applyDue({ pool, logger }),
    rows: async (text, values = []) => (await pool.query(text, values)).rows as never[],
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/**
 * Selects one text per payment, from all columns that are independent of the time of writing and of the
 * interval between events.
 */
export const FINAL_ROWS = `
  select p.stripe_payment_intent_id as intent,
    to_jsonb(p) - '{id,stripe_payment_intent_id,update_time,capture_time,refund_time}'::text[] || jsonb_build_object(
      'refunds', (select jsonb_agg(to_jsonb(r) - '{id,payment_id,stripe_refund_id,update_time}'::text[] order by r.create_time)
        from refunds r where r.payment_id = p.id),
      'disputes', (select jsonb_agg(to_jsonb(d) - '{id,payment_id,stripe_dispute_id,update_time}'::text[] order by d.create_time)
        from disputes d where d.payment_id = p.id)) as final
  from payments p`;
