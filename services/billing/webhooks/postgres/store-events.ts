import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { WebhookEvent } from '../receive/webhook-event.ts';

/**
 * Writes events into the ledger in one statement, on disk when it returns, whatever the database is set to. Answers the
 * ids of those that were not there before, or were of another mode or account by the settings of then.
 */
export async function storeEvents(pool: Pool, events: readonly WebhookEvent[]): Promise<ReadonlySet<string>> {
  const rows = await runPrepared<{ id: string }>(pool, STORE, [JSON.stringify(events)]);
  return new Set(rows.map(({ id }) => id));
}

// Due at once: rounded up to the column's milliseconds it would not be. In one order, so that two batches with the same events wait for each other instead of both waiting.
const STORE = {
  name: 'store_stripe_events',
  text: `with durable as materialized (select set_config('synchronous_commit', 'on', true) as setting)
    insert into stripe_events (id, type, api_version, create_time, livemode, account, object_kind, object_id, payment_intent,
      payload, tenant_id, state, next_attempt_time, last_error)
    select distinct on (e.id) e.id, e.type, e."apiVersion", to_timestamp(e.created), e.livemode, e.account, e.kind, e."objectId", e."paymentIntent",
      e.payload, e."tenantId", e.state, case when e.state = 'received' then date_trunc('milliseconds', clock_timestamp()) end, e.fault
    from durable, json_to_recordset($1::json) as e(id text, type text, "apiVersion" text, created float8,
      livemode boolean, account text, kind text, "objectId" text, "paymentIntent" text, payload jsonb, "tenantId" text, state text, fault text)
    where durable.setting = 'on'
    order by e.id
    on conflict (id) do update set state = excluded.state, next_attempt_time = excluded.next_attempt_time,
      last_error = excluded.last_error
    where stripe_events.state = 'foreign' and excluded.state <> 'foreign'
    returning id`,
};
