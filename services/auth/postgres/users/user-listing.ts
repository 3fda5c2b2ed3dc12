import type { Pool } from '@rollcall/runtime/postgres';
import type { UserFilter, UserList, UserPage, UserPosition } from '../../users/reading/user-reads.ts';
import type { User, UserRole, UserState } from '../../users/user.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';
import { type Bind, conditionsOf, createdConditions, unindexedConditions } from './user-filter.ts';

/** A condition that so selective users meet is where a list begins: they are read, and put in order. */
const MAX_SELECTIVE = 5_000;
/** Else the list is scanned in its order, so many users at a time: for more the database would rather sort everybody. */
const SCAN_BATCH = 2_000;
/** A page that scanned past so many ends there, short, and the next goes on. */
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

/** A user's position in a list. */
interface PositionRow {
  readonly key: Date | string;
  readonly id: string;
}

/** A page of a list. What it costs is bounded, whatever the filter and the order. */
export async function listUsers(pool: Pool, list: UserList, seal: ContactSeal): Promise<UserPage> {
  const selective = await findSelective(pool, list);
  const { positions, next } = selective ? await listSelective(pool, list, selective) : await scan(pool, list);
  const page = positions.slice(0, list.limit);
  const users = await readUsers(pool, { list, ids: page.map(({ id }) => id) }, seal);
  // Who was removed meanwhile is left out; nobody else moves for it.
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

/** Places behind the last page, one more than a page holds where there are as many; `next`: where to go on, if anywhere. */
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

/** Those of the next `SCAN_BATCH` users who pass; `end`: the last of the stride, where there may be more. */
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

// Each kind of user is a stretch of one index in the order of the list. The database merges them where each says its order
// and its limit, and sorts everybody where only the whole does.
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

// What the order of the list says nothing about.
function remainingConditions({ bind }: StatementDraft, { filter, orderBy }: UserList): string[] {
  const created = orderBy === 'createTime' ? [] : createdConditions(filter, bind, 'u.');
  return [...created, ...unindexedConditions(filter, bind)];
}

/** A condition that selective meet, as a query of their ids. */
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
