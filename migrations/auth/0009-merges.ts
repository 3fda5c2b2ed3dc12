import { Migration } from '@mikro-orm/migrations';
import type { Keyring } from '@rollcall/runtime/sealing';
import type { KeyedMigration } from '../lib/migrations.ts';

// Rows in memory at the same time.
const BATCH_ROWS = 1000;

interface Row {
  tenant_id: string;
  id: string;
  email_sealed: Buffer;
}

const UP = [
  `alter table users add column merged_into uuid check (merged_into <> id), add column email_base_key bytea
    check (email_base_key is null or octet_length(email_base_key) = 32)`,
  'alter table users add foreign key (tenant_id, merged_into) references users (tenant_id, id)',
  'create index users_merged_into on users (tenant_id, merged_into) where merged_into is not null',
  // Indexes to find duplicates by. Each is read in order, a few entries at a time.
  `create index users_email_base_key on users (tenant_id, email_base_key)
    where email_base_key is not null and delete_time is null and merged_into is null`,
  `create index users_live_phone_key on users (tenant_id, phone_key)
    where phone_key is not null and delete_time is null and merged_into is null`,
  `create index user_profiles_birth_date on user_profiles (tenant_id, (profile ->> 'birthDate'), user_id)
    where profile ->> 'birthDate' is not null`,
  `create table user_merges (
    tenant_id text not null,
    merge_id uuid not null,
    seq bigint generated always as identity,
    survivor_id uuid not null,
    loser_id uuid not null,
    take_from_loser text[] not null,
    -- Each user as it was, sealed as a whole; null once one of them was erased.
    survivor_before bytea,
    loser_before bytea,
    create_time timestamptz(3) not null,
    undo_id uuid,
    undone_time timestamptz(3),
    -- Of an automatic merge: which run, and why.
    run_id uuid,
    score double precision,
    reasons text[],
    primary key (tenant_id, merge_id),
    foreign key (tenant_id, survivor_id) references users (tenant_id, id),
    foreign key (tenant_id, loser_id) references users (tenant_id, id),
    check (survivor_id <> loser_id),
    check ((undo_id is null) = (undone_time is null))
  )`,
  'create index user_merges_survivor on user_merges (tenant_id, survivor_id, seq)',
  'create index user_merges_loser on user_merges (tenant_id, loser_id, seq)',
  'create index user_merges_run on user_merges (tenant_id, run_id, seq) where run_id is not null',
  // A user is merged away at most once at a time, whatever the service thinks.
  'create unique index user_merges_open_loser on user_merges (tenant_id, loser_id) where undone_time is null',
  // Which rows of which table a merge moved, so that its undoing moves them back and no other.
  `create table user_merge_moves (
    tenant_id text not null,
    merge_id uuid not null,
    area text not null,
    row_key text not null,
    primary key (tenant_id, merge_id, area, row_key),
    foreign key (tenant_id, merge_id) references user_merges (tenant_id, merge_id)
  )`,
];

const DOWN = [
  'drop table user_merge_moves, user_merges',
  'drop index user_profiles_birth_date',
  'alter table users drop column merged_into, drop column email_base_key',
];

/**
 * Merges of users, and what duplicates are found by.
 *
 * `merged_into` is the user that answers for one that was merged away, which may be merged away in its turn.
 * `email_base_key` is the blind index of the address without a plus-suffix. Taking the migration back is
 * refused while there are merges.
 */
export const migration: KeyedMigration = {
  name: '2026-11-20-merges',
  withKeys(readKeys) {
    class Merges extends Migration {
      override async up(): Promise<void> {
        const [columns, ...rest] = UP as [string, ...string[]];
        await this.execute(columns);
        await indexAddresses(this, readKeys);
        for (const statement of rest) await this.execute(statement);
      }

      override async down(): Promise<void> {
        const open = await this.execute('select 1 from users where merged_into is not null limit 1');
        if ((open as unknown as unknown[]).length > 0)
          throw new Error('There are merged users: take the merges back with UnmergeUsers first.');
        for (const statement of DOWN) await this.execute(statement);
      }
    }
    return { name: this.name, class: Merges };
  },
};

/** Fills `email_base_key`, a batch at a time, in order of the primary key. */
async function indexAddresses(migration: Migration, readKeys: () => Keyring): Promise<void> {
  let after = { tenant_id: '', id: '00000000-0000-0000-0000-000000000000' };
  for (;;) {
    const rows = (await migration.execute(
      `select tenant_id, id, email_sealed from users
       where email_sealed is not null and (tenant_id, id) > (?, ?::uuid) order by tenant_id, id limit ${BATCH_ROWS}`,
      [after.tenant_id, after.id],
    )) as unknown as Row[];
    const last = rows.at(-1);
    if (!last) return;
    await indexBatch(migration, rows, readKeys());
    after = last;
  }
}

async function indexBatch(migration: Migration, rows: readonly Row[], keyring: Keyring): Promise<void> {
  const indexed = rows.flatMap(({ tenant_id, id, email_sealed }) => {
    const place = { tenantId: tenant_id, table: 'users' };
    const base = baseOf(keyring.open(email_sealed, { ...place, column: 'email_sealed', rowId: id }));
    if (base === null) return [];
    const key = keyring.blindIndex(base, { ...place, column: 'email_base_key' });
    return [{ tenant_id, id, key: key.toString('hex') }];
  });
  await migration.execute(
    `update users u set email_base_key = decode(r.key, 'hex')
     from jsonb_to_recordset(?::jsonb) as r (tenant_id text, id uuid, key text)
     where u.tenant_id = r.tenant_id and u.id = r.id`,
    [JSON.stringify(indexed)],
  );
}

// As addresses were compared when this was written.
function baseOf(email: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(email)) return null;
  return email.toLowerCase().replace(/^([^+@]+)\+[^@]*@/, '$1@');
}
