import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';

/** An erased user, by the id in the service's own rows. */
export interface ErasedUser {
  readonly tenantId: string;
  readonly userId: string;
}

/** How a service clears its data of erased users. */
export interface ErasedRows {
  /**
   * Statements that clear rows of users. Parameters: `$1` tenant, `$2` ids (uuid[]), `$3` most rows. A
   * statement returns one row for each row that it cleared, and none when nothing is left, so a repeat does
   * no harm.
   */
  readonly statements: readonly PreparedStatement[];
  /**
   * Clears data outside of the database. Returns the work that is left to an operator, as a sentence without
   * personal data; empty means none. A rejection is tried again. Absent: the service keeps no data elsewhere.
   */
  readonly elsewhere?: (user: ErasedUser, signal: AbortSignal) => Promise<string>;
}

/** The erasures that a service has carried out, in its own database. */
export interface ErasedStore {
  /** Clears all rows of these users of one tenant, in batches, and records the erasures. */
  clear(tenantId: string, erased: ReadonlyMap<string, Date>): Promise<void>;
  /** Returns those of these users whose erasure is not recorded in this database. */
  uncleared(tenantId: string, userIds: readonly string[]): Promise<string[]>;
  /** Returns up to `limit` users who were erased after `since`, in order, starting behind `after`. */
  erasedSince(since: Date, after: ErasedUser | undefined, limit: number): Promise<ErasedUser[]>;
  /** Clears all rows of these users of one tenant, in batches. */
  sweep(tenantId: string, userIds: readonly string[]): Promise<void>;
}

// Rows a statement. A statement holds its locks until it ends.
const BATCH_ROWS = 500;

/** Creates a store on the table of `erasedUsersMigration`, which clears rows by the service's statements. */
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
