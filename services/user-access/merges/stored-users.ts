import type { Pool } from '@rollcall/runtime/postgres';

/** A column with user ids, in a table that has an index on `tenant_id` and this column. */
export interface UserColumn {
  readonly table: string;
  readonly column: string;
}

/** The users in the rows of a service. */
export interface StoredUsers {
  /** Returns each tenant that has rows. */
  tenants(): Promise<string[]>;
  /** Returns up to `limit` distinct user ids of a column, in order. */
  idsAfter(userColumn: UserColumn, place: IdPage): Promise<string[]>;
}

interface IdPage {
  readonly tenantId: string;
  /** The last id of the page before. */
  readonly after: string;
  readonly limit: number;
}

/**
 * Reads the service's tables. Table and column names become part of statements and must be constants of the
 * program.
 */
export function createStoredUsers(pool: Pool, columns: readonly UserColumn[]): StoredUsers {
  const tables = [...new Set(columns.map(({ table }) => table))];
  return {
    async tenants() {
      const found = await Promise.all(tables.map((table) => pool.query<{ id: string }>(tenantsOf(table))));
      return [...new Set(found.flatMap(({ rows }) => rows.map(({ id }) => id)))].sort();
    },
    async idsAfter({ table, column }, { tenantId, after, limit }) {
      const text = `select distinct ${column} as id from ${table}
        where tenant_id = $1 and ${column} > $2::uuid order by ${column} limit $3`;
      return (await pool.query<{ id: string }>(text, [tenantId, after, limit])).rows.map(({ id }) => id);
    },
  };
}

// Jumps from tenant to tenant in the index, so the cost grows with tenants and not with rows.
const tenantsOf = (table: string) => `with recursive found as (
    (select tenant_id from ${table} order by tenant_id limit 1)
    union all
    select (select tenant_id from ${table} t where t.tenant_id > found.tenant_id order by tenant_id limit 1)
    from found where found.tenant_id is not null
  ) select tenant_id as id from found where tenant_id is not null`;
