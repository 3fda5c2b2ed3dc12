// Erasures: the tables that they clear or keep, and the reports of services.
import type { Pool, PreparedStatement } from '@rollcall/runtime/postgres';
import type { Erasure, Erasures } from '../../erasures/erasures.ts';

/**
 * Tables from which an erasure deletes all rows of the user. Every table with a `user_id` stands here or in
 * `KEPT_TABLES`.
 */
export const ERASED_TABLES = [
  'user_profiles',
  'user_tags',
  'user_external_ids',
  'user_notes',
  'user_statistics',
  'user_activities',
  'credentials',
  'verified_emails',
  // Refresh tokens are deleted by cascade.
  'sessions',
  'sign_ins',
  'mail_tokens',
  'mail_outbox',
] as const;

/** Tables with a `user_id` that an erasure keeps, and why they hold no personal data. */
export const KEPT_TABLES: Readonly<Record<string, string>> = {
  user_changes: 'id, version, kind and time, and in which views a change shows',
  erasure_reports: 'which service has cleared what it held, when, and what it left for an operator',
  user_words:
    'a trigger removes its rows with the names in `users`, and from `name_parts` the words only they had',
  user_merges: 'which users were merged and when; their sealed images and the keys of moved rows are removed',
  write_requests:
    'the digest of the written data is emptied, because a list of addresses would reveal one by it',
};

/** The statements of an erasure outside table `users`. Each takes the tenant and the user's id. */
export const ERASE_RECORDS: readonly PreparedStatement[] = [
  ...ERASED_TABLES.map((table) => ({
    name: `erase_${table}`,
    text: `delete from ${table} where tenant_id = $1 and user_id = $2`,
  })),
  {
    name: 'erase_write_requests',
    text: `update write_requests set fingerprint = '' where tenant_id = $1 and user_id = $2`,
  },
  {
    // The keys of moved rows may be the person's names in other systems.
    name: 'erase_merge_moves',
    text: `delete from user_merge_moves v using user_merges m where v.tenant_id = $1 and m.tenant_id = $1
      and m.merge_id = v.merge_id and (m.survivor_id = $2 or m.loser_id = $2)`,
  },
  {
    name: 'erase_merge_images',
    text: `update user_merges set survivor_before = null, loser_before = null
      where tenant_id = $1 and (survivor_id = $2 or loser_id = $2)`,
  },
];

interface ErasureRow {
  tenant_id: string;
  id: string;
  erase_time: Date;
  reports: { consumer: string; time: number; remaining: string }[] | null;
}

const SELECT = `select u.tenant_id, u.id, u.erase_time, (
    select jsonb_agg(jsonb_build_object('consumer', r.consumer, 'remaining', r.remaining,
      'time', (extract(epoch from r.report_time) * 1000)::bigint) order by r.consumer)
    from erasure_reports r where r.tenant_id = u.tenant_id and r.user_id = u.id
  ) as reports
  from users u where u.erase_time is not null`;

const FIND = { name: 'erasure_find', text: `${SELECT} and u.tenant_id = $1 and u.id = $2` };

const NOT_REPORTED_BY = (consumer: string) => `not exists (select from erasure_reports r
  where r.tenant_id = u.tenant_id and r.user_id = u.id and r.consumer = ${consumer})`;

const LIST = {
  name: 'erasure_list',
  text: `${SELECT}
    and ($1::text is null or u.tenant_id = $1)
    and ($2::text is null or ${NOT_REPORTED_BY('$2')})
    and ($3::timestamptz is null or u.erase_time < $3)
    and ($4::timestamptz is null or (u.erase_time, u.tenant_id, u.id) > ($4, $5::text, $6::uuid))
    order by u.erase_time, u.tenant_id, u.id limit $7`,
};

const REPORT = {
  name: 'erasure_report',
  text: `insert into erasure_reports (tenant_id, user_id, consumer, remaining)
    select tenant_id, id, $3, $4 from users where tenant_id = $1 and id = $2 and erase_time is not null
    on conflict (tenant_id, user_id, consumer) do update set remaining = excluded.remaining
    returning user_id`,
};

const COUNT = {
  name: 'erasure_count',
  text: `select c.consumer, count(*) as erasures from unnest($1::text[]) as c (consumer)
    join users u on u.erase_time < $2 and ${NOT_REPORTED_BY('c.consumer')}
    group by c.consumer`,
};

/** Erasures in table `users`, and the reports of services in `erasure_reports`. */
export function createPostgresErasures(pool: Pool): Erasures {
  return {
    async find({ tenantId, id }) {
      const { rows } = await pool.query<ErasureRow>({ ...FIND, values: [tenantId, id] });
      return rows[0] && erasureFromRow(rows[0]);
    },
    async list({ tenantId, awaitedFrom, erasedBefore, after, limit }) {
      const place = after ? [new Date(after.timeMs), after.tenantId, after.id] : [null, null, null];
      const values = [tenantId ?? null, awaitedFrom ?? null, erasedBefore ?? null, ...place, limit];
      return (await pool.query<ErasureRow>({ ...LIST, values })).rows.map(erasureFromRow);
    },
    async report({ tenantId, id }, { consumer, remaining }) {
      const { rows } = await pool.query({ ...REPORT, values: [tenantId, id, consumer, remaining] });
      return rows.length > 0;
    },
    async countAwaited(consumers, erasedBefore) {
      const { rows } = await pool.query<{ consumer: string; erasures: string }>({
        ...COUNT,
        values: [consumers, erasedBefore],
      });
      return new Map(rows.map(({ consumer, erasures }) => [consumer, Number(erasures)]));
    },
  };
}

function erasureFromRow({ tenant_id, id, erase_time, reports }: ErasureRow): Erasure {
  return {
    tenantId: tenant_id,
    id,
    eraseTime: erase_time,
    reports: (reports ?? []).map(({ consumer, time, remaining }) => ({
      consumer,
      reportTime: new Date(time),
      remaining,
    })),
  };
}
