import type { Pool } from '@rollcall/runtime/postgres';
import type { UserFilter, UserList, UserPage, UserPosition } from '../../users/reading/user-reads.ts';
import type { User, UserRole, UserState } from '../../users/user.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';
import { type Bind, conditionsOf, createdConditions, unindexedConditions } from './user-filter.ts';

/** A condition that at most this many users meet is selective: the list reads those users and sorts them. */
const MAX_SELECTIVE = 5_000;
/** Number of users in one batch of a scan. For larger batches PostgreSQL prefers to sort all users. */
const SCAN_BATCH = 2_000;
/** A page ends short after scanning this many users, and the next page continues there. */
const MAX_SCANNED = 20_000;

const ORDER: Readonly<Record<UserList['orderBy'], { column: string; type: string }>> = {
  createTime: { column: 'create_time', type: 'timestamptz' },
  updateTime: { column: 'update_time', type: 'timestamptz' },
  displayName: { column: 'sort_name', type: 'text' },
};

/** A statement under construction. */
interface StatementDraft {
  readonly values: unknown[];
  readonly bind: Bind;
}

/** The position of a user in a list. */
interface PositionRow {
  readonly key: Date | string;
  readonly id: string;
}

/** Reads a page of a list. The cost is bounded for any filter and order. */
export async function listUsers(pool: Pool, list: UserList, seal: ContactSeal): Promise<UserPage> {
  const selective = await findSelective(pool, list);
  const { positions, next } = selective ? await listSelective(pool, list, selective) : await scan(pool, list);
  const page = positions.slice(0, list.limit);
  const users = await readUsers(pool, { list, ids: page.map(({ id }) => id) }, seal);
  // A user that was removed meanwhile is left out, and no other user moves.
  const listed = page.flatMap((position) => {
    const user = users.get(position.id);
    return user ? [{ user, position: toPosition(position) }] : [];
  });
  const last = page.at(-1);
  if (positions.length > list.limit && last) return { listed, next: toPosition(last) };
  return { listed, ...(next && { next }) };
}

async function readUsers(
  pool: Pool,
  { list, ids }: { list: UserList; ids: readonly string[] },
  seal: ContactSeal,
): Promise<ReadonlyMap<string, User>> {
  if (ids.length === 0) return new Map();
  const text = `${selectOf(list.view)} where u.tenant_id = $1 and u.id = any($2::uuid[])`;
  const name = `listed_users_${list.view.toLowerCase()}`;
  const { rows } = await pool.query<SelectedRow>({ name, text, values: [list.filter.tenantId, ids] });
  return new Map(rows.map((row) => [row.id, userFromRow(row, list.view, seal)]));
}

/**
 * Positions after the last page, one more than the page holds if there are as many; `next` is where to
 * continue after a scan that stopped early.
 */
async function scan(pool: Pool, list: UserList): Promise<{ positions: PositionRow[]; next?: UserPosition }> {
  const positions: PositionRow[] = [];
  let { after } = list;
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCAN_BATCH) {
    const { found, end } = await stride(
      pool,
      { ...list, ...(after && { after }) },
      list.limit + 1 - positions.length,
    );
    positions.push(...found);
    if (!end || positions.length > list.limit) return { positions };
    after = toPosition(end);
  }
  return { positions, ...(after && { next: after }) };
}

/** The users among the next `SCAN_BATCH` that meet the conditions; `end` is the last of a full batch. */
async function stride(
  pool: Pool,
  list: UserList,
  limit: number,
): Promise<{ found: PositionRow[]; end?: PositionRow }> {
  const draft = newDraft();
  const conditions = remainingConditions(draft, list);
  if (conditions.length === 0) {
    const { rows } = await pool.query<PositionRow>(orderedScan(draft, list, limit), draft.values);
    return { found: rows };
  }
  const order = orderTerms(list, 'key', 'id');
  const text = `with stride as materialized (${orderedScan(draft, list, SCAN_BATCH)})
    (select key, id, false as "isEnd" from stride u where ${conditions.join(' and ')} order by ${order} limit ${draft.bind(limit)})
    union all
    (select key, id, true from stride offset ${SCAN_BATCH - 1})`;
  const { rows } = await pool.query<PositionRow & { isEnd: boolean }>(text, draft.values);
  const end = rows.find(({ isEnd }) => isEnd);
  return { found: rows.filter(({ isEnd }) => !isEnd), ...(end && { end }) };
}

function newDraft(): StatementDraft {
  const values: unknown[] = [];
  return { values, bind: (value) => `$${values.push(value)}` };
}

// The users of each state and role are a range of one index in the order of the list. PostgreSQL merges these
// ranges when each has its own order and limit; otherwise it sorts all users.
function orderedScan({ bind }: StatementDraft, list: UserList, limit: number): string {
  const { filter, orderBy, descending, after } = list;
  const { column, type } = ORDER[orderBy];
  const tenant = bind(filter.tenantId);
  const conditions = [
    ...(orderBy === 'createTime' ? createdConditions(filter, bind) : []),
    ...(after
      ? [
          `(${column}, id) ${descending ? '<' : '>'} (${bindKey(bind, after)}::${type}, ${bind(after.id)}::uuid)`,
        ]
      : []),
  ];
  const stretches = kindsOf(filter).map(
    ([state, role]) =>
      `(select id, ${column} as key, create_time, last_activity_time from users
        where ${[`tenant_id = ${tenant}`, `state = '${state}'`, `role = '${role}'`, 'merged_into is null', ...conditions].join(' and ')}
        order by ${orderTerms(list, column, 'id')} limit ${limit})`,
  );
  return `select * from (${stretches.join(' union all ')}) u order by ${orderTerms(list, 'key', 'id')} limit ${limit}`;
}

// The conditions that the order of the list does not cover.
function remainingConditions({ bind }: StatementDraft, { filter, orderBy }: UserList): string[] {
  const created = orderBy === 'createTime' ? [] : createdConditions(filter, bind, 'u.');
  return [...created, ...unindexedConditions(filter, bind)];
}

/** Builds a query for the ids of users that meet a selective condition. */
type SelectiveQuery = (draft: StatementDraft) => string;

async function findSelective(pool: Pool, { filter, orderBy }: UserList): Promise<SelectiveQuery | undefined> {
  const { tenantId, tags, activeFrom, activeBefore, createdFrom, createdBefore } = filter;
  const candidates: SelectiveQuery[] = tags.map(
    (tag) =>
      ({ bind }) =>
        `select user_id as id from user_tags where tenant_id = ${bind(tenantId)} and tag = ${bind(tag)}`,
  );
  const within = (column: string, from: Date | undefined, before: Date | undefined): SelectiveQuery => {
    return ({ bind }) =>
      `select id from users where ${[
        `tenant_id = ${bind(tenantId)}`,
        ...(column === 'create_time' ? kindConditions(filter) : []),
        ...(from ? [`${column} >= ${bind(from)}`] : []),
        ...(before ? [`${column} < ${bind(before)}`] : []),
      ].join(' and ')}`;
  };
  if (activeFrom || activeBefore) candidates.push(within('last_activity_time', activeFrom, activeBefore));
  if ((createdFrom || createdBefore) && orderBy !== 'createTime')
    candidates.push(within('create_time', createdFrom, createdBefore));
  for (const candidate of candidates) {
    const draft = newDraft();
    const text = `select count(*)::integer as found from (${candidate(draft)} limit ${MAX_SELECTIVE + 1}) selective`;
    const { rows } = await pool.query<{ found: number }>(text, draft.values);
    if ((rows[0]?.found ?? 0) <= MAX_SELECTIVE) return candidate;
  }
  return undefined;
}

async function listSelective(
  pool: Pool,
  list: UserList,
  selective: SelectiveQuery,
): Promise<{ positions: PositionRow[]; next?: undefined }> {
  const { column, type } = ORDER[list.orderBy];
  const draft = newDraft();
  const { bind } = draft;
  const conditions = conditionsOf(list.filter, bind);
  if (list.after)
    conditions.push(
      `(u.${column}, u.id) ${list.descending ? '<' : '>'} (${bindKey(bind, list.after)}::${type}, ${bind(list.after.id)}::uuid)`,
    );
  const text = `select u.id, u.${column} as key from users u
    where u.id = any(array(${selective(draft)})) and ${conditions.join(' and ')}
    order by ${orderTerms(list, `u.${column}`, 'u.id')} limit ${bind(list.limit + 1)}`;
  return { positions: (await pool.query<PositionRow>(text, draft.values)).rows };
}

const ROLES: readonly UserRole[] = ['CUSTOMER', 'VENDOR', 'ADMIN'];

function kindsOf({ states, roles }: UserFilter): [UserState, UserRole][] {
  const distinctRoles = roles.length > 0 ? [...new Set(roles)] : ROLES;
  return [...new Set(states)].flatMap((state) =>
    distinctRoles.map((role): [UserState, UserRole] => [state, role]),
  );
}

function kindConditions(filter: UserFilter): string[] {
  const list = (values: readonly string[]) => [...new Set(values)].map((each) => `'${each}'`).join(', ');
  const kinds = kindsOf(filter);
  return [
    `state in (${list(kinds.map(([state]) => state))})`,
    `role in (${list(kinds.map(([, role]) => role))})`,
  ];
}

function orderTerms({ descending }: UserList, ...columns: string[]): string {
  return columns.map((column) => `${column} ${descending ? 'desc' : 'asc'}`).join(', ');
}

function bindKey(bind: Bind, { key }: UserPosition): string {
  return bind(typeof key === 'number' ? new Date(key) : key);
}

function toPosition({ key, id }: PositionRow): UserPosition {
  return { key: key instanceof Date ? key.getTime() : key, id };
}
