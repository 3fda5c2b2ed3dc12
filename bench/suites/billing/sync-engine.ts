import { createRequire } from 'node:module';
import { surviveBrokenConnections } from '@rollcall/runtime/postgres';
import type * as SyncEngine from '@supabase/stripe-sync-engine';
import pg from 'pg';
import { forEachConcurrently } from './ack.ts';
import type { Delivery, PaymentMix } from './payment-mix.ts';
import { CONNECTIONS, DELIVERIES_AT_ONCE, SECRET, type WebhookContestant } from './webhook-contestant.ts';

// Loaded as CommonJS: as an ES module it finds no migrations and fails silently.
const { runMigrations, StripeSync }: typeof SyncEngine = createRequire(import.meta.url)(
  '@supabase/stripe-sync-engine',
);

const TABLES = ['payment_intents', 'charges', 'refunds', 'disputes'];
/**
 * Fields that must equal those of the last event, where the table has the column. All other columns follow
 * from these.
 */
const FIELDS = ['status', 'amount_received', 'captured', 'amount_refunded', 'amount'];

/**
 * Opens npm's usual library for a copy of Stripe's objects in Postgres. Options that call Stripe for each
 * event are off.
 */
export async function openSyncEngine(databaseUrl: string): Promise<WebhookContestant> {
  await runMigrations({ databaseUrl, schema: 'stripe' });
  const sync = new StripeSync({
    poolConfig: { connectionString: databaseUrl, max: CONNECTIONS },
    stripeSecretKey: 'sk_test_none',
    stripeWebhookSecret: SECRET,
    schema: 'stripe',
    autoExpandLists: false,
    backfillRelatedEntities: false,
  });
  // Its connections may still be closing when their Postgres stops.
  surviveBrokenConnections(sync.postgresClient.pool);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const deliver = ({ body, signature }: Delivery) => sync.processWebhook(body, signature);
  return {
    play: (deliveries) => forEachConcurrently(deliveries, DELIVERIES_AT_ONCE, deliver),
    async countWrong({ objects }: PaymentMix) {
      let right = 0;
      for (const table of TABLES) {
        const { rows } = await client.query(
          `select to_jsonb(t) as row from stripe.${table} t where id = any($1)`,
          [[...objects.keys()]],
        );
        right += rows.filter(({ row }) => isLastSeen(row, objects.get(row.id))).length;
      }
      return { wrong: objects.size - right, of: objects.size };
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await sync.close();
    },
  };
}

function isLastSeen(
  row: Record<string, unknown>,
  last: Readonly<Record<string, unknown>> | undefined,
): boolean {
  return (
    last !== undefined &&
    FIELDS.every((field) => !(field in last && field in row) || String(row[field]) === String(last[field]))
  );
}
