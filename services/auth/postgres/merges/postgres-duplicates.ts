import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';
import type {
  DuplicateKey,
  DuplicateReads,
  DuplicateSuspect,
  SuspectGroup,
} from '../../users/merging/duplicates.ts';

interface BatchRow {
  /** Number of index entries that were read. */
  entries: string;
  /** The last key that was read, and the key before it. */
  last: string | null;
  previous: string | null;
  key: string | null;
  ids: string[] | null;
}

interface SuspectRow {
  id: string;
  first_name: string;
  last_name: string;
  create_time: Date;
  email: string | null;
  phone: string | null;
  birth_date: string | null;
}

/**
 * How many index entries one batch reads, and how many users may share a key. A key of more users belongs to
 * a house, a switchboard or a default value rather than to a person.
 */
const LIMITS: Readonly<Record<DuplicateKey, { readonly entries: number; readonly group: number }>> = {
  email: { entries: 10_000, group: 20 },
  phone: { entries: 10_000, group: 20 },
  birthDate: { entries: 2_000, group: 1_000 },
};

const LIVE = 'delete_time is null and merged_into is null';

const blindIndex = (column: string) => `select encode(${column}, 'hex') as key, id from users
  where tenant_id = $1 and ${column} > decode($2, 'hex') and ${column} is not null and ${LIVE} order by ${column} limit $3`;

// Entries are read in index order, so that a batch costs the same for any number of users.
const ENTRIES: Readonly<Record<DuplicateKey, string>> = {
  email: blindIndex('email_base_key'),
  phone: blindIndex('phone_key'),
  birthDate: `select profile ->> 'birthDate' as key, user_id as id from user_profiles
    where tenant_id = $1 and profile ->> 'birthDate' > $2 and profile ->> 'birthDate' is not null
    order by profile ->> 'birthDate', user_id limit $3`,
};

const batchStatement = (by: DuplicateKey): PreparedStatement => ({
  name: `duplicates_${by.toLowerCase()}`,
  text: `with entries as materialized (${ENTRIES[by]}),
    bounds as (
      select count(*) as entries, max(key) as last, (select max(key) from entries where key < (select max(key) from entries))
        as previous from entries
    ),
    groups as (select key, array_agg(id) as ids from entries group by key having count(*) between 2 and $4)
    select b.entries, b.last, b.previous, g.key, g.ids from bounds b left join groups g on true order by g.key`,
});

const BATCH_STATEMENTS: Readonly<Record<DuplicateKey, PreparedStatement>> = {
  email: batchStatement('email'),
  phone: batchStatement('phone'),
  birthDate: batchStatement('birthDate'),
};

const SUSPECTS = {
  name: 'duplicate_suspects',
  // A user without first and last name is compared by its display name.
  text: `select u.id, case when u.first_name || u.last_name = '' then u.display_name else u.first_name end as first_name,
      u.last_name, u.create_time, encode(u.email_base_key, 'hex') as email,
      encode(u.phone_key, 'hex') as phone, p.profile ->> 'birthDate' as birth_date
    from users u left join user_profiles p on p.tenant_id = u.tenant_id and p.user_id = u.id
    where u.tenant_id = $1 and u.id = any($2::uuid[]) and u.delete_time is null and u.merged_into is null`,
};

/**
 * Finds users that share an address without plus-suffix, a phone number or a birth date. While index keys
 * rotate, some may be missing.
 */
export function createPostgresDuplicates(pool: Pool): DuplicateReads {
  return {
    async readBatch({ tenantId, by, after }) {
      const limits = LIMITS[by];
      const values = [tenantId, after, limits.entries, limits.group];
      const rows = await runPrepared<{ [K in keyof BatchRow]: BatchRow[K] }>(
        pool,
        BATCH_STATEMENTS[by],
        values,
      );
      const isFull = Number(rows[0]?.entries ?? 0) >= limits.entries;
      const { last = null, previous = null } = rows[0] ?? {};
      // The group of the last key may continue in the next batch. A key that fills a whole batch is too
      // common to count.
      const next = isFull ? (previous ?? last ?? undefined) : undefined;
      const groups = rows.filter(({ key }) => key !== null && !(isFull && key === last));
      return { groups: await withSuspects(pool, tenantId, groups), next };
    },
  };
}

async function withSuspects(
  pool: Pool,
  tenantId: string,
  rows: readonly BatchRow[],
): Promise<SuspectGroup[]> {
  const ids = rows.flatMap((row) => row.ids ?? []);
  if (ids.length === 0) return [];
  const found = await runPrepared<{ [K in keyof SuspectRow]: SuspectRow[K] }>(pool, SUSPECTS, [
    tenantId,
    ids,
  ]);
  const byId = new Map(found.map((row) => [row.id, toSuspect(row)]));
  return rows.map(({ key, ids: members }) => ({
    key: key as string,
    suspects: (members ?? []).flatMap((id) => byId.get(id) ?? []),
  }));
}

function toSuspect(row: SuspectRow): DuplicateSuspect {
  return {
    id: row.id,
    firstName: row.first_name,
    lastName: row.last_name,
    createTime: row.create_time,
    email: row.email,
    phone: row.phone,
    birthDate: row.birth_date,
  };
}
