import { randomUUID } from 'node:crypto';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createKeyring } from '@rollcall/runtime/sealing';
import { createTestDatabase, TEST_KEYS } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserFilter, UserList, UserPosition } from '../../users/reading/user-reads.ts';
import { createContactSeal } from '../rows/contact-seal.ts';
import { listUsers } from './user-listing.ts';

const stack = new AsyncDisposableStack();
const seal = createContactSeal(
  createKeyring({
    encryptionKeys: new Secret(TEST_KEYS.AUTH_ENCRYPTION_KEYS),
    indexKeys: new Secret(TEST_KEYS.AUTH_INDEX_KEYS),
  }),
);
let pool: Pool;

beforeAll(async () => {
  const { url } = stack.use(await createTestDatabase('auth'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(url), maxConnections: 2, statementTimeoutMs: 30_000, logger };
  pool = stack.adopt(createPool(options), (each) => each.end());
});
afterAll(() => stack.disposeAsync());

const moment = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000);

/** Inserts users 1 to `count`; the n-th is created at `moment(n)`. */
async function insert(tenantId: string, count: number): Promise<void> {
  await pool.query(
    `insert into users (tenant_id, id, state, role, display_name, create_time, update_time, delete_time, last_activity_time)
     select $1, gen_random_uuid(), state, (array['CUSTOMER', 'VENDOR', 'ADMIN'])[1 + n % 7 % 3], chr(97 + n * 7 % 26) || n % 5,
       $3::timestamptz + n * interval '1 second', $3::timestamptz + (n * 31 % 97) * interval '1 second',
       case when state = 'DELETED' then now() end, case when n % 3 = 0 then $3::timestamptz + n * interval '1 second' end
     from generate_series(1, $2) n, lateral (select (array['ACTIVE', 'SUSPENDED', 'DELETED'])[1 + n % 5 % 3] as state) each`,
    [tenantId, count, moment(0)],
  );
  await pool.query(
    `insert into user_tags (tenant_id, user_id, tag, position)
     select tenant_id, id, tag, 1 from users, unnest(array['a', 'b']) tag
     where tenant_id = $1 and extract(epoch from create_time)::bigint % (ascii(tag) - 94) = 0`,
    [tenantId],
  );
}

async function listAll(list: Omit<UserList, 'after'>): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let after: UserPosition | undefined;
  let pages = 0;
  do {
    const page = await listUsers(pool, { ...list, ...(after && { after }) }, seal);
    ids.push(...page.listed.map(({ user }) => user.id));
    after = page.next;
    pages++;
  } while (after);
  return { ids, pages };
}

/** The ids that one plain query returns. */
async function expected(filter: UserFilter, order: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from users u where tenant_id = $1 and state = any($2) and (role = any($3) or cardinality($3::text[]) = 0)
       and ($4::timestamptz is null or create_time >= $4) and ($5::timestamptz is null or create_time < $5)
       and ($6::timestamptz is null or last_activity_time >= $6) and ($7::timestamptz is null or last_activity_time < $7)
       and $8::text[] <@ coalesce((select array_agg(tag) from user_tags where tenant_id = $1 and user_id = u.id), '{}')
     order by ${order}`,
    [
      filter.tenantId,
      filter.states,
      filter.roles,
      filter.createdFrom ?? null,
      filter.createdBefore ?? null,
      filter.activeFrom ?? null,
      filter.activeBefore ?? null,
      filter.tags,
    ],
  );
  return rows.map(({ id }) => id);
}

describe('a list of users', () => {
  it('matches its filter, in its order, page by page', async () => {
    const tenantId = `t-${randomUUID()}`;
    await insert(tenantId, 400);
    await insert(`t-${randomUUID()}`, 50);
    const all = { tenantId, states: ['ACTIVE', 'SUSPENDED'] as const, roles: [], tags: [] };
    const filters: UserFilter[] = [
      all,
      { ...all, states: ['DELETED'] },
      { ...all, states: ['ACTIVE', 'ACTIVE'], roles: ['ADMIN', 'ADMIN', 'VENDOR'] },
      { ...all, tags: ['a'] },
      { ...all, tags: ['a', 'b'], roles: ['CUSTOMER'] },
      { ...all, createdFrom: moment(100), createdBefore: moment(300) },
      { ...all, activeFrom: moment(50) },
      { ...all, activeFrom: moment(50), activeBefore: moment(200), tags: ['b'], createdBefore: moment(150) },
    ];
    const columns = {
      createTime: 'create_time',
      updateTime: 'update_time',
      displayName: 'sort_name',
    } as const;
    for (const filter of filters) {
      for (const orderBy of ['createTime', 'updateTime', 'displayName'] as const) {
        for (const descending of [false, true]) {
          const { ids } = await listAll({ filter, view: 'REFERENCE', orderBy, descending, limit: 37 });
          const direction = descending ? 'desc' : 'asc';
          const order = `${columns[orderBy]} ${direction}, id ${direction}`;
          expect([filter, order, ids]).toEqual([filter, order, await expected(filter, order)]);
        }
      }
    }
  });

  it('ends a page at the scan limit, and continues there', async () => {
    const tenantId = `t-${randomUUID()}`;
    const late = 20_500;
    await pool.query(
      `insert into users (tenant_id, id, state, role, create_time, update_time, last_activity_time)
       select $1, gen_random_uuid(), 'ACTIVE', 'CUSTOMER', $2::timestamptz + n * interval '1 second', now(),
         case when n > $3 then now() end from generate_series(1, $3 + 5200) n`,
      [tenantId, moment(0), late],
    );
    const filter: UserFilter = { tenantId, states: ['ACTIVE'], roles: [], tags: [], activeFrom: moment(1) };
    const list = {
      filter,
      view: 'REFERENCE',
      orderBy: 'createTime',
      descending: false,
      limit: 1000,
    } as const;
    const first = await listUsers(pool, list, seal);
    expect([first.listed.length, first.next?.key]).toEqual([0, moment(20_000).getTime()]);
    const { ids, pages } = await listAll(list);
    expect([ids.length, pages]).toEqual([5200, 7]);
    expect(ids).toEqual(await expected(filter, 'create_time, id'));
  });
});
