import type { Pool } from '@rollcall/runtime/postgres';

/** A column with ids of users, in a table whose first key is `tenant_id`; with an index on both. */
export interface UserColumn {
  readonly table: string;
  readonly column: string;
}

/** Which users a service holds in its rows. */
export interface StoredUsers {
  /** Every tenant that has rows. */
  tenants(): Promise<string[]>;
  /** Up to `limit` users of one column behind this one, in order, each once. */
  idsAfter(held: UserColumn, place: IdPage): Promise<string[]>;
}

/** Where to go on. */
interface IdPage {
  readonly tenantId: string;
  /** The last id seen. */
  readonly after: string;
  readonly limit: number;
}

/** Looks into the service's tables. The names are the program's own: they become part of statements. */
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

// From one tenant to the next, so that it costs as much as there are tenants, and not rows.
const tenantsOf = (table: string) => `with recursive found as (
    (select tenant_id from ${table} order by tenant_id limit 1)
    union all
    select (select tenant_id from ${table} t where t.tenant_id > found.tenant_id order by tenant_id limit 1)
    from found where found.tenant_id is not null
  ) select tenant_id as id from found where tenant_id is not null`;
