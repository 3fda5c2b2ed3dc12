import { createRequire } from 'node:module';
import { surviveBrokenConnections } from '@rollcall/runtime/postgres';
import type * as SyncEngine from '@supabase/stripe-sync-engine';
import pg from 'pg';
import type { Delivery, PaymentMix } from './payment-mix.ts';
import { spread } from './spread-calls.ts';
import { CONNECTIONS, DELIVERIES_AT_ONCE, SECRET, type WebhookContestant } from './webhook-contestant.ts';

// As a CommonJS module, because as the other kind it finds no migrations, and says so to nobody.
const { runMigrations, StripeSync }: typeof SyncEngine = createRequire(import.meta.url)(
  '@supabase/stripe-sync-engine',
);

const TABLES = ['payment_intents', 'charges', 'refunds', 'disputes'];
/** What of an object must be as it was told last, where it has a column for it; whatever else it has follows from these. */
const FIELDS = ['status', 'amount_received', 'captured', 'amount_refunded', 'amount'];

/** What npm has for keeping Stripe's objects in one's own Postgres, without anything that would call Stripe for each event. */
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
    play: (deliveries) => spread(deliveries, DELIVERIES_AT_ONCE, deliver),
    async countWrong({ objects }: PaymentMix) {
      let right = 0;
      for (const table of TABLES) {
        const { rows } = await client.query(
          `select to_jsonb(t) as row from stripe.${table} t where id = any($1)`,
          [[...objects.keys()]],
        );
        right += rows.filter(({ row }) => isAsTold(row, objects.get(row.id))).length;
      }
      return { wrong: objects.size - right, of: objects.size };
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await sync.close();
    },
  };
}

function isAsTold(
  row: Record<string, unknown>,
  told: Readonly<Record<string, unknown>> | undefined,
): boolean {
  return (
    told !== undefined &&
    FIELDS.every((field) => !(field in told && field in row) || String(row[field]) === String(told[field]))
  );
}
