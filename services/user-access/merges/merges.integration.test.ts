import { randomUUID } from 'node:crypto';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessTo } from '../testing/access-to.ts';
import { type AuthUnderTest, startAuth } from '../testing/start-auth.ts';
import { followMerges, type MergeFollower } from './follow-merges.ts';
import { createUserAliases, type UserAliases } from './user-aliases.ts';

const tenantId = 'acme';
const logger = createLogger({ service: 'test', level: 'silent' });

let opened: AsyncDisposableStack;
let auth: AuthUnderTest;
let pool: Pool;
let aliases: UserAliases;
let follow: () => MergeFollower;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  auth = opened.use(await startAuth());
  const database = opened.use(await createTestDatabase('booking'));
  pool = opened.adopt(
    createPool({ url: new Secret(database.url), maxConnections: 4, statementTimeoutMs: 5000, logger }),
    (each) => each.end(),
  );
  await pool.query('create table held (tenant_id text, user_id uuid, primary key (tenant_id, user_id))');
  aliases = createUserAliases(pool);
  const access = opened.use(await accessTo(auth.address));
  const columns = [{ table: 'held', column: 'user_id' }];
  follow = () => followMerges({ pool, users: access.uncached, columns, logger, tenantsMs: 50 });
});
afterEach(() => opened.disposeAsync());

const hold = (userId: string, tenant = tenantId) =>
  pool.query('insert into held values ($1, $2)', [tenant, userId]);

/** Creates a user of whom the service has a row. */
async function heldUser(tenant = tenantId): Promise<string> {
  const id = await auth.createUser(tenant);
  await hold(id, tenant);
  return id;
}

async function merge(loserId: string, survivorId: string, tenant = tenantId): Promise<string> {
  const plan = { survivorId, loserId };
  const merged = await auth.admin.mergeUsers({ tenantId: tenant, plan, requestId: randomUUID() });
  return merged.mergeId;
}

const familyOf = async (id: string, tenant = tenantId) => (await aliases.allIdsOf(tenant, [id])).sort();

async function becomes(id: string, family: string[], tenant = tenantId): Promise<void> {
  await expect.poll(() => familyOf(id, tenant), { timeout: 15_000 }).toEqual(family.toSorted());
}

/** Waits until the feed is followed from now on and all earlier users are looked up. */
async function isFollowed(tenant = tenantId): Promise<void> {
  const text = 'select 1 from user_feed_tenants where tenant_id = $1';
  await expect.poll(async () => (await pool.query(text, [tenant])).rowCount, { timeout: 15_000 }).toBe(1);
}

describe('merges of users', () => {
  it('are followed through chains and undone', async () => {
    const [ana, anna, annie] = [await heldUser(), await heldUser(), await heldUser()];
    await using _follower = follow();
    await isFollowed();
    expect(await familyOf(ana)).toEqual([ana]);
    await merge(ana, anna);
    await becomes(ana, [ana, anna]);
    const second = await merge(anna, annie);
    await becomes(annie, [ana, anna, annie]);
    expect(await familyOf(ana)).toEqual([ana, anna, annie].sort());
    expect(await aliases.survivorOf(tenantId, ana)).toBe(annie);
    await auth.admin.unmergeUsers({ tenantId, mergeId: second, requestId: randomUUID() });
    await becomes(annie, [annie]);
    await becomes(ana, [ana, anna]);
    expect(await aliases.survivorOf(tenantId, ana)).toBe(anna);
  });

  it('from before the first start are found', async () => {
    const [ana, anna] = [await heldUser(), await auth.createUser(tenantId)];
    await merge(ana, anna);
    await using _follower = follow();
    await becomes(anna, [ana, anna]);
  });

  it('from while the service was down are found', async () => {
    const [ana, anna] = [await heldUser(), await heldUser()];
    const first = follow();
    await isFollowed();
    await first[Symbol.asyncDispose]();
    await merge(ana, anna);
    // Without rows, these merges can only come from the feed.
    await pool.query('truncate held');
    await hold(randomUUID());
    await using _second = follow();
    await becomes(anna, [ana, anna]);
  });

  it('are found by looking up all users when the cursor is too old', async () => {
    const [ana, anna, ben, benny] = [await heldUser(), await heldUser(), await heldUser(), await heldUser()];
    const mergeId = await merge(ben, benny);
    const first = follow();
    await becomes(ben, [ben, benny]);
    await isFollowed();
    await first[Symbol.asyncDispose]();
    await merge(ana, anna);
    await auth.admin.unmergeUsers({ tenantId, mergeId, requestId: randomUUID() });
    await pool.query(`update user_feed set cursor = 'gone'`);
    await using _second = follow();
    await becomes(anna, [ana, anna]);
    await becomes(benny, [benny]);
  });

  it('A1: are found by looking up all users when another feed takes the place of the first', async () => {
    const [ana, anna] = [await heldUser(), await heldUser()];
    await using _follower = follow();
    await isFollowed();
    // The state after the user service lost a merge by a restored backup.
    await pool.query('insert into user_aliases (tenant_id, user_id, survivor_id) values ($1, $2, $3)', [
      tenantId,
      ana,
      anna,
    ]);
    await auth.sql('update user_change_feed set feed_id = gen_random_uuid()');
    await becomes(anna, [anna]);
    await merge(ana, anna);
    await becomes(anna, [ana, anna]);
  });

  it('are followed again after an outage of the user service', async () => {
    const [ana, anna] = [await heldUser(), await heldUser()];
    await using _follower = follow();
    await isFollowed();
    await auth.kill();
    await auth.start();
    await merge(ana, anna);
    await becomes(anna, [ana, anna]);
  });

  it('are followed for tenants that are added later, and kept apart by tenant', async () => {
    await heldUser();
    await using _follower = follow();
    await isFollowed();
    const other = 'globex';
    const [ana, anna] = [await heldUser(other), await heldUser(other)];
    await merge(ana, anna, other);
    await becomes(anna, [ana, anna], other);
    expect(await familyOf(ana)).toEqual([ana]);
  });
});

describe('allIdsOf', () => {
  it('returns unknown ids as given, each once', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    expect(await aliases.allIdsOf(tenantId, [one, other, one])).toHaveLength(2);
    expect(await aliases.allIdsOf(tenantId, [])).toEqual([]);
    expect(await aliases.survivorOf(tenantId, one)).toBe(one);
  });
});
