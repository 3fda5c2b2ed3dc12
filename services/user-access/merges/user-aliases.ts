import type { Pool } from '@rollcall/runtime/postgres';

/**
 * Who was merged into whom, as far as the change feed told: at most a few seconds behind the owner. Rows keep the id that
 * they were written with; whoever wants all of a person asks here by which ids to look.
 */
export interface UserAliases {
  /**
   * The ids under which rows of these persons may stand: each given id, the user that answers for it, and all who were
   * merged into that one. In lower case, each once; those of whom nothing is known are answered as given.
   */
  allIdsOf(tenantId: string, userIds: readonly string[]): Promise<string[]>;
  /** The user who answers for this id: itself, unless it was merged away. */
  survivorOf(tenantId: string, userId: string): Promise<string>;
}

/** Reads what `followMerges` keeps. */
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
