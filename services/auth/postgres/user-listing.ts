import type { Pool } from '@rollcall/runtime/postgres';
import type { UserRole, UserState } from '../users/user.ts';
import type { UserFilter, UserList, UserPage, UserPlace } from '../users/user-reads.ts';
import type { ContactSeal } from './contact-seal.ts';
import { type Bind, conditionsOf, narrowConditions } from './user-filter.ts';
import { type SelectedRow, selectOf, userFromRow } from './user-from-row.ts';

/** A condition that so few users meet is where a list begins: they are read, and put in order. */
const FEW = 5_000;
/** Else the list is walked in its order. A page that walked past so many ends there, short, and the next goes on. */
const MAX_WALK = 20_000;

const ORDER: Readonly<Record<UserList['orderBy'], { column: string; type: string }>> = {
  createTime: { column: 'create_time', type: 'timestamptz' },
  updateTime: { column: 'update_time', type: 'timestamptz' },
  displayName: { column: 'sort_name', type: 'text' },
};

/** A statement under construction. */
interface Draft {
  readonly values: unknown[];
  readonly bind: Bind;
}

/** A page of a list. What it costs is bounded, whatever the filter and the order. */
export async function listUsers(pool: Pool, list: UserList, seal: ContactSeal): Promise<UserPage> {
  const few = await findFew(pool, list);
  const draft = newDraft();
  const places = few ? amongFew(draft, list, few) : walking(draft, list);
  // One more than asked for tells whether there is a next page.
  const text = `with places as materialized (${places} limit ${draft.bind(list.limit + 1)})
    ${selectOf(list.view, ['places.key as list_key'])} join places on places.id = u.id
    where u.tenant_id = ${draft.bind(list.filter.tenantId)} order by ${inOrder(list, 'places.key', 'places.id')}`;
  const { rows } = await pool.query<SelectedRow & { list_key: Date | string }>(text, draft.values);
  const listed = rows.slice(0, list.limit).map(({ list_key, ...row }) => ({
    user: userFromRow(row, list.view, seal),
    position: toPosition(list_key, row.id),
  }));
  const last = listed.at(-1);
  if (rows.length > list.limit && last) return { listed, next: last.position };
  const next = few || !isNarrowed(list.filter) ? undefined : await endOfWalk(pool, list);
  return { listed, ...(next && { next }) };
}

function newDraft(): Draft {
  const values: unknown[] = [];
  return { values, bind: (value) => `$${values.push(value)}` };
}

// Each kind of user is a stretch of one index in the order of the list, and the database merges them.
function walk({ bind }: Draft, { filter, orderBy, descending, after }: UserList): string {
  const { column, type } = ORDER[orderBy];
  const tenant = bind(filter.tenantId);
  const conditions = [
    ...(filter.createdFrom ? [`create_time >= ${bind(filter.createdFrom)}`] : []),
    ...(filter.createdBefore ? [`create_time < ${bind(filter.createdBefore)}`] : []),
    ...(after
      ? [
          `(${column}, id) ${descending ? '<' : '>'} (${bindKey(bind, after)}::${type}, ${bind(after.id)}::uuid)`,
        ]
      : []),
  ];
  const stretches = kindsOf(filter).map(
    ([state, role]) =>
      `select tenant_id, id, ${column} as key, last_activity_time from users
       where ${[`tenant_id = ${tenant}`, `state = '${state}'`, `role = '${role}'`, 'merged_into is null', ...conditions].join(' and ')}`,
  );
  return `select * from (${stretches.join(' union all ')}) u`;
}

function walking(draft: Draft, list: UserList): string {
  const ordered = `${walk(draft, list)} order by ${inOrder(list, 'key', 'id')}`;
  if (!isNarrowed(list.filter)) return ordered;
  const conditions = narrowConditions(list.filter, draft.bind);
  return `select * from (${ordered} limit ${MAX_WALK}) u where ${conditions.join(' and ')} order by ${inOrder(list, 'key', 'id')}`;
}

async function endOfWalk(pool: Pool, list: UserList): Promise<UserPlace | undefined> {
  const draft = newDraft();
  const text = `${walk(draft, list)} order by ${inOrder(list, 'key', 'id')} offset ${MAX_WALK - 1} limit 1`;
  const { rows } = await pool.query<{ key: Date | string; id: string }>(text, draft.values);
  return rows[0] && toPosition(rows[0].key, rows[0].id);
}

/** A condition that few meet, as a query of their ids. */
type Few = (draft: Draft) => string;

async function findFew(pool: Pool, { filter, orderBy }: UserList): Promise<Few | undefined> {
  const { tenantId, tags, activeFrom, activeBefore, createdFrom, createdBefore } = filter;
  const candidates: Few[] = tags.map(
    (tag) =>
      ({ bind }) =>
        `select user_id as id from user_tags where tenant_id = ${bind(tenantId)} and tag = ${bind(tag)}`,
  );
  const within = (column: string, from: Date | undefined, before: Date | undefined): Few => {
    return ({ bind }) =>
      `select id from users where ${[
        `tenant_id = ${bind(tenantId)}`,
        ...(column === 'create_time' ? ofKinds(filter) : []),
        ...(from ? [`${column} >= ${bind(from)}`] : []),
        ...(before ? [`${column} < ${bind(before)}`] : []),
      ].join(' and ')}`;
  };
  if (activeFrom || activeBefore) candidates.push(within('last_activity_time', activeFrom, activeBefore));
  if ((createdFrom || createdBefore) && orderBy !== 'createTime')
    candidates.push(within('create_time', createdFrom, createdBefore));
  for (const candidate of candidates) {
    const draft = newDraft();
    const text = `select count(*)::integer as found from (${candidate(draft)} limit ${FEW + 1}) few`;
    const { rows } = await pool.query<{ found: number }>(text, draft.values);
    if ((rows[0]?.found ?? 0) <= FEW) return candidate;
  }
  return undefined;
}

function amongFew(draft: Draft, list: UserList, few: Few): string {
  const { column, type } = ORDER[list.orderBy];
  const { bind } = draft;
  const conditions = conditionsOf(list.filter, bind);
  if (list.after)
    conditions.push(
      `(u.${column}, u.id) ${list.descending ? '<' : '>'} (${bindKey(bind, list.after)}::${type}, ${bind(list.after.id)}::uuid)`,
    );
  return `select u.id, u.${column} as key from users u
    where u.id = any(array(${few(draft)})) and ${conditions.join(' and ')}
    order by ${inOrder(list, `u.${column}`, 'u.id')}`;
}

function isNarrowed({ tags, activeFrom, activeBefore }: UserFilter): boolean {
  return tags.length > 0 || activeFrom !== undefined || activeBefore !== undefined;
}

const ROLES: readonly UserRole[] = ['CUSTOMER', 'VENDOR', 'ADMIN'];

function kindsOf({ states, roles }: UserFilter): [UserState, UserRole][] {
  const distinctRoles = roles.length > 0 ? [...new Set(roles)] : ROLES;
  return [...new Set(states)].flatMap((state) =>
    distinctRoles.map((role): [UserState, UserRole] => [state, role]),
  );
}

function ofKinds(filter: UserFilter): string[] {
  const list = (values: readonly string[]) => [...new Set(values)].map((each) => `'${each}'`).join(', ');
  const kinds = kindsOf(filter);
  return [
    `state in (${list(kinds.map(([state]) => state))})`,
    `role in (${list(kinds.map(([, role]) => role))})`,
  ];
}

function inOrder({ descending }: UserList, ...columns: string[]): string {
  return columns.map((column) => `${column} ${descending ? 'desc' : 'asc'}`).join(', ');
}

function bindKey(bind: Bind, { key }: UserPlace): string {
  return bind(typeof key === 'number' ? new Date(key) : key);
}

function toPosition(key: Date | string, id: string): UserPlace {
  return { key: key instanceof Date ? key.getTime() : key, id };
}
