import { randomUUID } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserAccess } from '../connect-user-access.ts';
import { followMerges } from '../merges/follow-merges.ts';
import { accessTo } from '../testing/access-to.ts';
import { type AuthUnderTest, startAuth } from '../testing/start-auth.ts';
import type { ErasedRows } from './erased-rows.ts';
import { type FollowErasuresOptions, followErasures } from './follow-erasures.ts';

const opened = new AsyncDisposableStack();
const logger = createLogger({ service: 'test', level: 'silent' });
const columns = [{ table: 'held', column: 'user_id' }];
const PATIENCE = { timeout: 15_000 };
const HOUR_MS = 3_600_000;

const ROWS: ErasedRows = {
  statements: [
    {
      name: 'erase_held',
      text: `with chosen as (
          select tenant_id, user_id, n from held where tenant_id = $1 and user_id = any($2::uuid[]) and text <> ''
          order by n limit $3 for update
        )
        update held h set text = '' from chosen s
        where h.tenant_id = s.tenant_id and h.user_id = s.user_id and h.n = s.n returning 1`,
    },
  ],
};

let auth: AuthUnderTest;
let access: UserAccess;
let pool: Pool;
let tenantId: string;

beforeAll(async () => {
  auth = opened.use(await startAuth());
  access = opened.use(await accessTo(auth.address));
  const database = opened.use(await createTestDatabase('booking'));
  const options = { maxConnections: 4, statementTimeoutMs: 5000, logger };
  pool = opened.adopt(createPool({ url: new Secret(database.url), ...options }), (each) => each.end());
  await pool.query(
    'create table held (tenant_id text, user_id uuid, n int, text text, primary key (tenant_id, user_id, n))',
  );
}, 60_000);
afterAll(() => opened.disposeAsync());
beforeEach(() => {
  tenantId = `t-${randomUUID()}`;
});

/** Follows erasures with a check at the start, and none by the clock. */
const follow = (options: Partial<FollowErasuresOptions> = {}) =>
  followErasures({
    ...{ pool, admin: access.admin, consumer: 'booking', rows: ROWS, columns, logger, everyMs: HOUR_MS },
    ...options,
  });

const hold = (userId: string, rows = 1) =>
  pool.query(`insert into held select $1, $2, n, 'Ada' from generate_series(1, $3::int) n`, [
    tenantId,
    userId,
    rows,
  ]);

async function heldUser(rows = 1): Promise<string> {
  const id = await auth.createUser(tenantId);
  await hold(id, rows);
  return id;
}

const textsOf = async (id: string) =>
  (await pool.query('select distinct text from held where user_id = $1', [id])).rows.map(({ text }) => text);

const erase = (id: string) => auth.admin.eraseUser({ tenantId, id });
const reportsOf = async (id: string) =>
  (await auth.admin.getErasure({ tenantId, id })).erasure?.reports.map(({ remaining }) => remaining);

describe('followErasures', () => {
  it('erased-elsewhere: clears and reports users who were erased while the service was down', async () => {
    const [id, other] = [await heldUser(1200), await heldUser()];
    const nobody = await auth.createUser(tenantId);
    for (const each of [id, nobody]) await erase(each);
    // The feed no longer holds the erasure.
    await auth.sql('delete from user_changes');
    await using _following = follow();
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
    await expect.poll(() => reportsOf(nobody), PATIENCE).toEqual(['']);
    expect(await textsOf(id)).toEqual(['']);
    expect(await textsOf(other)).toEqual(['Ada']);
  });

  it('erased-elsewhere: is woken by the change feed', async () => {
    const id = await heldUser();
    await using erasures = follow();
    await using _merges = followMerges({
      ...{ pool, users: access.uncached, columns, logger, tenantsMs: 50, onErased: erasures.wake },
    });
    const isFollowed = async () =>
      (await pool.query('select 1 from user_feed_tenants where tenant_id = $1', [tenantId])).rows.length;
    await expect.poll(isFollowed, PATIENCE).toBe(1);
    await erase(id);
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
    expect(await textsOf(id)).toEqual(['']);
  });

  it('erased-elsewhere: erases every user that was merged into the erased one', async () => {
    const [survivorId, loserId] = [await heldUser(), await heldUser()];
    await auth.admin.mergeUsers({ tenantId, plan: { survivorId, loserId } });
    await erase(survivorId);
    await using _following = follow();
    for (const id of [survivorId, loserId]) {
      await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
      expect(await textsOf(id)).toEqual(['']);
    }
  });

  it('erased-elsewhere: clears again what a restored database brings back, although it was reported', async () => {
    const id = await heldUser();
    await erase(id);
    await using first = follow();
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
    await first[Symbol.asyncDispose]();
    await pool.query('delete from erased_users where user_id = $1', [id]);
    await pool.query(`update held set text = 'Ada' where user_id = $1`, [id]);
    await using _second = follow();
    await expect.poll(() => textsOf(id), PATIENCE).toEqual(['']);
  });

  it('erased-elsewhere: clears rows that are written shortly after the erasure', async () => {
    const id = await heldUser();
    await erase(id);
    await using following = follow();
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
    await pool.query(`update held set text = 'Ada' where user_id = $1`, [id]);
    following.wake();
    await expect.poll(() => textsOf(id), PATIENCE).toEqual(['']);
  });

  it('erased-elsewhere: reports nothing while external data cannot be cleared, and reports what is left to an operator', async () => {
    const [id, next] = [await heldUser(), await heldUser()];
    for (const each of [id, next]) await erase(each);
    let isDown = true;
    let remaining = 'one object';
    const elsewhere = async ({ userId }: { userId: string }) => {
      if (isDown && userId === id) throw new Error('down');
      return userId === id ? remaining : '';
    };
    const rows = { ...ROWS, elsewhere };
    await using following = follow({ rows });
    await expect.poll(() => reportsOf(next), PATIENCE).toEqual(['']);
    expect(await reportsOf(id)).toEqual([]);
    expect(await textsOf(id)).toEqual(['']);
    isDown = false;
    following.wake();
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['one object']);
    // The next start can clear it.
    remaining = '';
    await using _restarted = follow({ rows });
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
  });

  it('erased-elsewhere: asks tenant by tenant when the grant names tenants, and again after an outage', async () => {
    const id = await heldUser();
    await erase(id);
    let calls = 0;
    const admin: FollowErasuresOptions['admin'] = {
      reportErasure: access.admin.reportErasure,
      async listErasures(request, options) {
        calls += 1;
        if (calls === 1) throw new ConnectError('down', Code.Unavailable);
        if (!request.tenantId) throw new ConnectError('not granted', Code.PermissionDenied);
        return access.admin.listErasures(request, options);
      },
    };
    await using _following = follow({ admin, everyMs: 20 });
    await expect.poll(() => reportsOf(id), PATIENCE).toEqual(['']);
  });
});
