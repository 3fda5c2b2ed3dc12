import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';

/** A user who was erased, by the id that stands in the service's own rows. */
export interface ErasedUser {
  readonly tenantId: string;
  readonly userId: string;
}

/** What a service holds of users, and how it is cleared. */
export interface ErasedRows {
  /**
   * Statements that clear rows of users, by the parameters `$1` tenant, `$2` ids (uuid[]) and `$3` most rows. Each answers a row for
   * each that it cleared, and none once nothing is left: a repeat does no harm.
   */
  readonly statements: readonly PreparedStatement[];
  /**
   * Clears what is kept outside of the database. Answers what is left for an operator to do, in a sentence without names; empty:
   * nothing. Rejects where it is to be tried again. Absent: nothing is kept elsewhere.
   */
  readonly elsewhere?: (user: ErasedUser, signal: AbortSignal) => Promise<string>;
}

/** Erasures that a service has carried out, in its own database. */
export interface ErasedStore {
  /** Clears all rows of these users of one tenant, a batch at a time, and notes that it did. */
  clear(tenantId: string, erased: ReadonlyMap<string, Date>): Promise<void>;
  /** Those of these users whose rows were not cleared in this database. */
  uncleared(tenantId: string, userIds: readonly string[]): Promise<string[]>;
  /** Up to `limit` users who were erased after a time, in order, behind this one. */
  erasedSince(since: Date, after: ErasedUser | undefined, limit: number): Promise<ErasedUser[]>;
  /** Clears all rows of these users of one tenant, a batch at a time. */
  sweep(tenantId: string, userIds: readonly string[]): Promise<void>;
}

// Rows of one statement: locks are held for as long as it runs.
const BATCH_ROWS = 500;

/** In the table that `erasedUsersMigration` makes, and by the service's own statements. */
export function createErasedStore(pool: Pool, { statements }: ErasedRows): ErasedStore {
  const sweep = async (tenantId: string, userIds: readonly string[]) => {
    for (const statement of statements) {
      const values = [tenantId, userIds, BATCH_ROWS];
      while ((await runPrepared<object>(pool, statement, values)).length > 0);
    }
  };
  return {
    sweep,
    async clear(tenantId, erased) {
      const ids = [...erased.keys()];
      await sweep(tenantId, ids);
      await runPrepared(pool, NOTE, [tenantId, ids, [...erased.values()]]);
    },
    async uncleared(tenantId, userIds) {
      const rows = await runPrepared<{ id: string }>(pool, UNCLEARED, [tenantId, userIds]);
      return rows.map(({ id }) => id);
    },
    async erasedSince(since, after, limit) {
      const place = after ? [after.tenantId, after.userId] : ['', BEFORE_ALL_IDS];
      const rows = await runPrepared<{ tenant_id: string; user_id: string }>(pool, SINCE, [
        since,
        ...place,
        limit,
      ]);
      return rows.map(({ tenant_id, user_id }) => ({ tenantId: tenant_id, userId: user_id }));
    },
  };
}

const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000';

const NOTE = {
  name: 'erased_note',
  text: `insert into erased_users (tenant_id, user_id, erase_time)
    select $1, * from unnest($2::uuid[], $3::timestamptz[]) on conflict do nothing`,
};

const UNCLEARED = {
  name: 'erased_uncleared',
  text: `select id from unnest($2::uuid[]) as asked (id)
    where not exists (select from erased_users e where e.tenant_id = $1 and e.user_id = asked.id)`,
};

const SINCE = {
  name: 'erased_since',
  text: `select tenant_id, user_id from erased_users where erase_time > $1 and (tenant_id, user_id) > ($2, $3::uuid)
    order by tenant_id, user_id limit $4`,
};
