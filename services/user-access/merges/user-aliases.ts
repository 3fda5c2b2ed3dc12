import type { Pool } from '@rollcall/runtime/postgres';

/**
 * The merges of users, a few seconds behind the user service. Rows keep the id that they were written with,
 * so a query for a user needs all ids of that user.
 */
export interface UserAliases {
  /**
   * Returns the ids under which rows of these users may stand: each given id, its survivor, and all aliases
   * of that survivor. Ids are in lower case and distinct. An unknown id is returned as given.
   */
  allIdsOf(tenantId: string, userIds: readonly string[]): Promise<string[]>;
  /** Returns the survivor of a merged user, and any other id as given. */
  survivorOf(tenantId: string, userId: string): Promise<string>;
}

/** Creates a reader of the aliases that `followMerges` stores. */
export function createUserAliases(pool: Pool): UserAliases {
  return {
    async allIdsOf(tenantId, userIds) {
      if (userIds.length === 0) return [];
      const { rows } = await pool.query<{ id: string }>({ ...ALL_IDS, values: [tenantId, userIds] });
      return rows.map(({ id }) => id);
    },
    async survivorOf(tenantId, userId) {
      const { rows } = await pool.query<{ id: string }>({ ...SURVIVOR, values: [tenantId, userId] });
      return rows[0]?.id ?? userId;
    },
  };
}

const ALL_IDS = {
  name: 'user-aliases-all',
  text: `with asked as (select unnest($2::uuid[]) as id),
    answering as (
      select coalesce(a.survivor_id, asked.id) as id from asked
      left join user_aliases a on a.tenant_id = $1 and a.user_id = asked.id)
    select id from asked union select id from answering
    union select user_id from user_aliases where tenant_id = $1 and survivor_id in (select id from answering)`,
};

const SURVIVOR = {
  name: 'user-aliases-survivor',
  text: 'select survivor_id as id from user_aliases where tenant_id = $1 and user_id = $2',
};

/** A user and the survivor of its merge. Both ids are equal for a user that was not merged. */
export interface UserSurvivor {
  readonly id: string;
  readonly survivorId: string;
}

/** The tables that `followMerges` keeps in the service's database. */
export interface AliasStore {
  /** Stores the survivors of these users. A user that is its own survivor is removed from the aliases. */
  write(tenantId: string, answers: readonly UserSurvivor[]): Promise<void>;
  /** Returns the aliases of these survivors. */
  aliasesOf(tenantId: string, survivorIds: readonly string[]): Promise<string[]>;
  /** Returns up to `limit` aliases behind `after`, in order. */
  aliasesAfter(tenantId: string, after: string, limit: number): Promise<string[]>;
  /** Returns the stored cursor and the tenants that it covers; undefined before the first save. */
  readPosition(): Promise<{ cursor: string; tenantIds: ReadonlySet<string> } | undefined>;
  /** Stores the cursor. */
  saveCursor(cursor: string): Promise<void>;
  /** Records tenants whose users were looked up. The feed covers them from the cursor on. */
  saveTenants(tenantIds: readonly string[]): Promise<void>;
  /** Deletes the cursor and the tenants, so that all users are looked up again. */
  forgetPosition(): Promise<void>;
}

/** Creates a store on the tables of `userAccessMigration`. */
export function createAliasStore(pool: Pool): AliasStore {
  const ids = async (text: string, values: unknown[]) =>
    (await pool.query<{ id: string }>(text, values)).rows.map(({ id }) => id);
  return {
    async write(tenantId, answers) {
      const merged = answers.filter(({ id, survivorId }) => id !== survivorId);
      const themselves = answers.filter(({ id, survivorId }) => id === survivorId);
      await pool.query(REMOVE, [tenantId, themselves.map(({ id }) => id)]);
      if (merged.length === 0) return;
      await pool.query(PUT, [tenantId, merged.map(({ id }) => id), merged.map((each) => each.survivorId)]);
    },
    aliasesOf: (tenantId, survivorIds) => ids(OF_SURVIVORS, [tenantId, survivorIds]),
    aliasesAfter: (tenantId, after, limit) => ids(AFTER, [tenantId, after, limit]),
    async readPosition() {
      const { rows } = await pool.query<{ cursor: string; tenant_ids: string[] }>(POSITION);
      return rows[0] && { cursor: rows[0].cursor, tenantIds: new Set(rows[0].tenant_ids) };
    },
    saveCursor: async (cursor) => void (await pool.query(SAVE_CURSOR, [cursor])),
    saveTenants: async (tenantIds) => void (await pool.query(SAVE_TENANTS, [tenantIds])),
    forgetPosition: async () => void (await pool.query(FORGET)),
  };
}

const REMOVE = 'delete from user_aliases where tenant_id = $1 and user_id = any($2::uuid[])';

const PUT = `insert into user_aliases (tenant_id, user_id, survivor_id)
  select $1, * from unnest($2::uuid[], $3::uuid[])
  on conflict (tenant_id, user_id) do update set survivor_id = excluded.survivor_id
  where user_aliases.survivor_id <> excluded.survivor_id`;

const OF_SURVIVORS = `select user_id as id from user_aliases where tenant_id = $1 and survivor_id = any($2::uuid[])`;

const AFTER = `select user_id as id from user_aliases where tenant_id = $1 and user_id > $2::uuid
  order by user_id limit $3`;

const POSITION = `select cursor, array(select tenant_id from user_feed_tenants) as tenant_ids from user_feed`;

const SAVE_CURSOR = `insert into user_feed (cursor) values ($1)
  on conflict (is_only) do update set cursor = excluded.cursor`;

const SAVE_TENANTS = 'insert into user_feed_tenants select unnest($1::text[]) on conflict do nothing';

const FORGET = 'with gone as (delete from user_feed_tenants) delete from user_feed';
