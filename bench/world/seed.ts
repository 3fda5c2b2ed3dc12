import type { EmbeddedPostgres } from '@rollcall/local';
import pg from 'pg';
import { USER_ID_PREFIX, userIds } from './user-id.ts';

/** The tenant that everything belongs to. */
export const TENANT_ID = 'bench';

/** Columns of a user and where each comes from, for the n-th one: names of real lengths and a picture. */
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

/** What a local table of users has beside those. The auth service seals it, so that only it could write it. */
const CONTACT_COLUMNS = {
  email: `'guest' || n || '@example.com'`,
  email_key: `'guest' || n || '@example.com'`,
  phone: `'+44 20 7946 ' || lpad((n % 10000)::text, 4, '0')`,
};

/** Puts users `first` to `last` into the database of the auth service, without contact data. */
export async function seedUsers(postgres: EmbeddedPostgres, first: number, last: number): Promise<void> {
  await asSuperuser(postgres, 'auth', async (client) => {
    // Triggers are for changes that somebody may be watching.
    await client.query(`set session_replication_role = 'replica'`);
    await insertUsers(client, USER_COLUMNS, { first, last });
    await client.query('vacuum analyze users');
  });
}

/** Makes the names of users `first` to `last` known to search, as they are of users whom the service made. For those who are renamed. */
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

/** How much there is to page through. */
export interface BookingSeed {
  readonly bookings: number;
  /** Every user has as many bookings as any other. */
  readonly users: number;
}

/** Fills the bookings, and puts the table of users beside them that a service without Rollcall would have. */
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
    // A prime step, so that the bookings of one page are of users from all over the table.
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

async function asSuperuser(
  { adminUrl }: EmbeddedPostgres,
  database: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
