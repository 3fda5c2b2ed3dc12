import { copyIn, crowdUser, type EmbeddedPostgres } from '@rollcall/local';
import pg from 'pg';
import { CROWD_TENANT } from './crowd.ts';
import { adminUrlOf } from './make-database.ts';

const BATCH = 50_000;

/**
 * One booking for each of a crowd, and beside them the table of users that a service without Rollcall would have, with the index
 * by which Postgres finds parts of names fastest.
 */
export async function seedCrowdBookings(postgres: EmbeddedPostgres, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrlOf(postgres, 'booking') });
  await client.connect();
  try {
    await client.query(`create table crowd_users (
      tenant_id text not null, id uuid not null, version bigint not null, state text not null, role text not null,
      name text not null, profile_image text not null, business_name text not null, primary key (tenant_id, id))`);
    for (let from = 1; from <= count; from += BATCH) {
      const size = Math.min(BATCH, count - from + 1);
      await copyIn(
        client,
        'crowd_users',
        Array.from({ length: size }, (_, i) => localUser(from + i)),
      );
    }
    await client.query('create extension if not exists pg_trgm');
    await client.query('create index on crowd_users using gin (name gin_trgm_ops)');
    // In another order than that of the users, so that a page holds users from all over the table.
    await client.query(`insert into bookings
      (tenant_id, id, reference, user_id, status, start_date, end_date, amount_minor_units, amount_currency, title, create_time, update_time)
      select tenant_id, gen_random_uuid(), 'CB-' || n, id, 'PAID', date '2026-05-01' + n % 300, date '2026-05-03' + n % 300,
        10000 + n % 5000, 'EUR', 'Room ' || n % 200, at, at
      from (select *, row_number() over (order by md5(id::text))::int as n from crowd_users) u,
        lateral (select timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' as at) t`);
    await client.query('vacuum analyze crowd_users, bookings');
  } finally {
    await client.end();
  }
}

function localUser(n: number) {
  const { id, state, role, firstName, lastName, businessName } = crowdUser(n);
  return [CROWD_TENANT, id, 1, state, role, `${firstName} ${lastName}`, '', businessName];
}
