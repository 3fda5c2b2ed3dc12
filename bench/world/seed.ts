import type { EmbeddedPostgres } from '@rollcall/local';
import type pg from 'pg';
import { asSuperuser } from './start-postgres.ts';

/** Tenant of the benchmark's users and bookings. */
export const TENANT_ID = 'bench';

// Twelve hexadecimal digits follow.
const USER_ID_PREFIX = '01900000-0000-7000-8000-';

/** Returns the id of the n-th user, counted from 1: a UUID of version 7 that SQL can compute too. */
export function userIdAt(n: number): string {
  return `${USER_ID_PREFIX}${n.toString(16).padStart(12, '0')}`;
}

/** Returns the ids of users `first` to `last`. */
export function userIds(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => userIdAt(first + i));
}

// Columns of the n-th user and their SQL: names of real lengths, and a picture.
const USER_COLUMNS = {
  tenant_id: `'${TENANT_ID}'`,
  id: `('${USER_ID_PREFIX}' || lpad(to_hex(n), 12, '0'))::uuid`,
  version: '1',
  state: `'ACTIVE'`,
  role: `'CUSTOMER'`,
  first_name: `(array['Ada', 'Grace', 'Katherine', 'Barbara', 'Frances', 'Radia', 'Hedy', 'Margaret'])[1 + n % 8]`,
  last_name: `(array['Lovelace', 'Hopper', 'Johnson', 'Liskov', 'Allen', 'Perlman', 'Lamarr'])[1 + n % 7] || n`,
  display_name: `'Guest number ' || n`,
  profile_image: `'https://images.example.com/users/' || n || '.jpg'`,
  business_name: `''`,
  average_rating: '4.5',
  total_reviews: 'n % 100',
  create_time: `timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second'`,
  update_time: `timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second'`,
};

// Further columns of a local users table. The auth service seals these, so that no other program can write
// them.
const CONTACT_COLUMNS = {
  email: `'guest' || n || '@example.com'`,
  email_key: `'guest' || n || '@example.com'`,
  phone: `'+44 20 7946 ' || lpad((n % 10000)::text, 4, '0')`,
};

/** Writes users `first` to `last` into the auth database, without contact data. */
export async function seedUsers(postgres: EmbeddedPostgres, first: number, last: number): Promise<void> {
  await asSuperuser(postgres, 'auth', async (client) => {
    // Without triggers: no client watches these changes.
    await client.query(`set session_replication_role = 'replica'`);
    await insertUsers(client, USER_COLUMNS, { first, last });
    await client.query('vacuum analyze users');
  });
}

/**
 * Writes the search index for users `first` to `last`, as the service would have. For cases that rename
 * users.
 */
export async function indexNames(postgres: EmbeddedPostgres, first: number, last: number): Promise<void> {
  await asSuperuser(postgres, 'auth', async (client) => {
    await client.query(
      `insert into user_words (tenant_id, word, user_id, entry)
      select tenant_id, split_part(item, ':', 1), id, entry
      from users, search_entry(first_name, last_name, display_name, business_name) entry, string_to_table(entry, ' ') item
      where tenant_id = '${TENANT_ID}' and id = any($1) on conflict do nothing`,
      [userIds(first, last)],
    );
    await client.query(`select know_words(array_agg(tenant_id), array_agg(word))
      from (select distinct tenant_id, word from user_words order by 1, 2) known`);
    await client.query('vacuum analyze user_words, name_parts');
  });
}

/** Size of the booking tables. */
export interface BookingSeed {
  readonly bookings: number;
  /** Bookings are spread evenly over so many users. */
  readonly users: number;
}

/** Writes bookings, and beside them the users table that a service without Rollcall would have. */
export async function seedBookings(postgres: EmbeddedPostgres, seed: BookingSeed): Promise<void> {
  await asSuperuser(postgres, 'booking', async (client) => {
    await client.query(`create table users (
      tenant_id text not null, id uuid not null, version bigint not null, state text not null, role text not null,
      first_name text not null, last_name text not null, display_name text not null, profile_image text not null,
      business_name text not null, email text not null, email_key text, phone text not null,
      average_rating double precision not null, total_reviews integer not null,
      create_time timestamptz(3) not null, update_time timestamptz(3) not null, delete_time timestamptz(3),
      primary key (tenant_id, id))`);
    await insertUsers(client, { ...USER_COLUMNS, ...CONTACT_COLUMNS }, { first: 1, last: seed.users });
    // A prime step spreads the users of one page over the table.
    await client.query(`insert into bookings
      (tenant_id, id, reference, user_id, status, start_date, end_date, amount_minor_units, amount_currency, title, create_time, update_time)
      select '${TENANT_ID}', ('01900000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, 'BK-' || n,
        ('${USER_ID_PREFIX}' || lpad(to_hex(1 + (n * 7919::bigint) % ${seed.users}), 12, '0'))::uuid,
        'PAID', date '2026-05-01' + n % 300, date '2026-05-03' + n % 300, 10000 + n % 5000, 'EUR', 'Room ' || n % 200,
        timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second', timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second'
      from generate_series(1, ${seed.bookings}) n`);
    await client.query('grant select on users to booking');
    await client.query('vacuum analyze users, bookings');
  });
}

async function insertUsers(
  client: pg.Client,
  columns: Readonly<Record<string, string>>,
  { first, last }: { first: number; last: number },
): Promise<void> {
  const names = Object.keys(columns).join(', ');
  const values = Object.values(columns).join(', ');
  await client.query(
    `insert into users (${names}) select ${values} from generate_series(${first}, ${last}) n`,
  );
}
