import { copyIn, type EmbeddedPostgres, seedUser, writeSeedUsers } from '@rollcall/local';
import { Secret } from '@rollcall/runtime';
import { createKeyring } from '@rollcall/runtime/sealing';
import { asSuperuser, withClient } from './start-postgres.ts';
import { KEYS } from './start-services.ts';

/** Tenant of the users that are searched and listed. */
export const SEARCH_TENANT = 'search';
/** Users in the cases of search and lists. */
export const SEARCH_USERS = 1_000_000;

/** Writes made-up users with names of many cultures, as `npm run sample -- --users` does. */
export async function seedSearchUsers(postgres: EmbeddedPostgres, users: number): Promise<void> {
  const keyring = createKeyring({
    encryptionKeys: new Secret(KEYS.AUTH_ENCRYPTION_KEYS),
    indexKeys: new Secret(KEYS.AUTH_INDEX_KEYS),
  });
  const databaseUrl = postgres.databaseUrl('auth');
  await writeSeedUsers({ databaseUrl, keyring, tenantId: SEARCH_TENANT, users });
  await withClient(databaseUrl, async (client) => void (await client.query('vacuum analyze')));
}

const BATCH_USERS = 50_000;

/**
 * Writes one booking for each user, and beside them the users table that a service without Rollcall would
 * have, with the index by which Postgres finds parts of names fastest.
 */
export async function seedSearchBookings(postgres: EmbeddedPostgres, count: number): Promise<void> {
  await asSuperuser(postgres, 'booking', async (client) => {
    await client.query(`create table search_users (
      tenant_id text not null, id uuid not null, version bigint not null, state text not null, role text not null,
      name text not null, profile_image text not null, business_name text not null, primary key (tenant_id, id))`);
    for (let from = 1; from <= count; from += BATCH_USERS) {
      const size = Math.min(BATCH_USERS, count - from + 1);
      await copyIn(
        client,
        'search_users',
        Array.from({ length: size }, (_, i) => localUser(from + i)),
      );
    }
    await client.query('create extension if not exists pg_trgm');
    await client.query('create index on search_users using gin (name gin_trgm_ops)');
    // Not in the order of the users, so that the users of one page are spread over the table.
    await client.query(`insert into bookings
      (tenant_id, id, reference, user_id, status, start_date, end_date, amount_minor_units, amount_currency, title, create_time, update_time)
      select tenant_id, gen_random_uuid(), 'CB-' || n, id, 'PAID', date '2026-05-01' + n % 300, date '2026-05-03' + n % 300,
        10000 + n % 5000, 'EUR', 'Room ' || n % 200, at, at
      from (select *, row_number() over (order by md5(id::text))::int as n from search_users) u,
        lateral (select timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' as at) t`);
    await client.query('vacuum analyze search_users, bookings');
  });
}

function localUser(n: number) {
  const { id, state, role, firstName, lastName, businessName } = seedUser(n);
  return [SEARCH_TENANT, id, 1, state, role, `${firstName} ${lastName}`, '', businessName];
}
