import type { Pool } from '@rollcall/runtime/postgres';
import { externalKey, type UserReads } from '../../users/reading/user-reads.ts';
import type { User, UserView } from '../../users/user.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';
import { listUsers } from './user-listing.ts';

/** Reads users by named prepared statements, which each connection plans once. */
export function createPostgresUserReads(pool: Pool, seal: ContactSeal): UserReads {
  const select = async <Row extends SelectedRow>(
    statement: { name: string; text: string },
    values: unknown[],
  ): Promise<Row[]> => (await pool.query<Row>({ ...statement, values })).rows;
  const findSurvivors = async (tenantId: string, ids: readonly string[], view: UserView) => {
    const rows = await select<SelectedRow & { asked_id: string }>(FIND_SURVIVORS[view], [tenantId, ids]);
    return new Map(rows.map((row) => [row.asked_id, userFromRow(row, view, seal)]));
  };
  // The canonical user of each row, by the row's id. A second read is needed for merged users only.
  const canonicalUsers = async (tenantId: string, rows: readonly SelectedRow[], view: UserView) => {
    const byId = new Map<string, User | undefined>();
    const merged: string[] = [];
    for (const row of rows) {
      if (row.merged_into === null) byId.set(row.id, userFromRow(row, view, seal));
      else merged.push(row.id);
    }
    if (merged.length > 0) {
      const survivors = await findSurvivors(tenantId, merged, view);
      for (const id of merged) byId.set(id, survivors.get(id));
    }
    return byId;
  };
  return {
    async find(tenantId, id, view) {
      const [row] = await select(FIND[view], [tenantId, id]);
      if (row?.merged_into) return (await findSurvivors(tenantId, [id], view)).get(id);
      return row && userFromRow(row, view, seal);
    },
    async findMany(tenantId, ids, view) {
      const rows = await select(FIND_MANY[view], [tenantId, ids]);
      const byId = await canonicalUsers(tenantId, rows, view);
      return ids.map((id) => byId.get(id));
    },
    async findByEmailKeys(tenantId, keys, view) {
      const keyByIndex = new Map(
        keys.flatMap((key) => seal.emailIndexes(key, tenantId).map((index) => [index.toString('hex'), key])),
      );
      const indexes = [...keyByIndex.keys()].map((index) => Buffer.from(index, 'hex'));
      const rows = await select<SelectedRow & { email_key: Buffer }>(FIND_BY_EMAIL[view], [
        tenantId,
        indexes,
      ]);
      const byId = await canonicalUsers(tenantId, rows, view);
      return new Map(
        rows.flatMap(({ id, email_key }) => {
          const user = byId.get(id);
          // The address of a merged user finds nothing once its survivor is deleted.
          return user && !user.deleteTime
            ? [[keyByIndex.get(email_key.toString('hex')) as string, user]]
            : [];
        }),
      );
    },
    async findByExternalIds(tenantId, externalIds, view) {
      const sources = externalIds.map(({ source }) => source);
      const values = [tenantId, sources, externalIds.map(({ externalId }) => externalId)];
      const rows = await select<SelectedRow & { source: string; external_id: string }>(
        FIND_BY_EXTERNAL_ID[view],
        values,
      );
      return new Map(
        rows.map((row) => [
          externalKey({ source: row.source, externalId: row.external_id }),
          userFromRow(row, view, seal),
        ]),
      );
    },
    list: (list) => listUsers(pool, list, seal),
  };
}

const FIND = statements('user', 'where u.tenant_id = $1 and u.id = $2');
const FIND_MANY = statements('users', 'where u.tenant_id = $1 and u.id = any($2::uuid[])');
const FIND_BY_EMAIL = statements(
  'users_by_email',
  'where u.tenant_id = $1 and u.email_key = any($2::bytea[]) and u.delete_time is null',
  ['u.email_key'],
);
const FIND_BY_EXTERNAL_ID = statements(
  'users_by_external_id',
  `join user_external_ids e on e.tenant_id = u.tenant_id and e.user_id = u.id
    where e.tenant_id = $1 and (e.source, e.external_id) in (select * from unnest($2::text[], $3::text[]))`,
  ['e.source', 'e.external_id'],
);

// A survivor may itself be merged later. One statement reads the whole chain in one snapshot, so that a
// concurrent unmerge shows either before or after.
const FIND_SURVIVORS = statements(
  'survivors',
  `join (
      with recursive chain as (
        select id as asked_id, id, merged_into from users where tenant_id = $1 and id = any($2::uuid[])
        union all
        select c.asked_id, m.id, m.merged_into from chain c join users m on m.tenant_id = $1 and m.id = c.merged_into
      )
      select asked_id, id from chain where merged_into is null
    ) s on s.id = u.id
    where u.tenant_id = $1`,
  ['s.asked_id'],
);

function statements(
  name: string,
  rest: string,
  others: readonly string[] = [],
): Readonly<Record<UserView, { name: string; text: string }>> {
  const statement = (view: UserView) => ({
    name: `${name}_${view.toLowerCase()}`,
    text: `${selectOf(view, others)} ${rest}`,
  });
  return {
    REFERENCE: statement('REFERENCE'),
    BASIC: statement('BASIC'),
    FULL: statement('FULL'),
  };
}
