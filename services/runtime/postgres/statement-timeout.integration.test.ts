import { createTestDatabase, query, type TestDatabase } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../config/secret.ts';
import { createLogger } from '../log/logger.ts';
import { databaseFault } from '../rpc/database-fault.ts';
import { createOrm } from './orm.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { explainDatabaseFault } from './require-schema.ts';
import { probeSessions, requireDirectUrl, requireSessions } from './sessions.ts';

const stack = new AsyncDisposableStack();
let database: TestDatabase;
let options: PoolOptions;

beforeAll(async () => {
  database = stack.use(await createTestDatabase('booking'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  options = { url: new Secret(database.url), maxConnections: 2, statementTimeoutMs: 3000, logger };
});

afterAll(() => stack.disposeAsync());

/** Sets the timeout of the database, as sessions of a pooler would have it. */
async function setTimeoutOfDatabase(value: string): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  await query(database.url, `alter database "${name}" set statement_timeout = '${value}'`);
}

describe('the statement timeout of a pool', () => {
  it.each(['0', '3001ms', '1min'])('A6: refuses a session of a pooler that has %s', async (value) => {
    await setTimeoutOfDatabase(value);
    await using pool = openPool({ ...options, isPooled: true });
    const error = await pool.each.query('select 1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'StatementTimeoutError', maxTimeoutMs: 3000 });
    expect(databaseFault(error, 'booking')?.reason).toBe('DATABASE_UNAVAILABLE');
    expect(explainDatabaseFault(error, 'BOOKING_DATABASE_URL', 'npm run migrate')).toMatch(
      /^Statement timeouts are not active at BOOKING_DATABASE_URL: .* must be 1 to 3000 ms\. .*npm run migrate -- booking with BOOKING_DATABASE_POOLED=true/,
    );
    await using orm = openOrm(true);
    await expect(orm.each.em.fork().execute('select 1')).rejects.toMatchObject({ code: '08000' });
  });

  it('A6: takes the timeout that the database sets, and ends statements by it', async () => {
    await setTimeoutOfDatabase('100ms');
    await using pool = openPool({ ...options, isPooled: true });
    await expect(pool.each.query('select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
    await using orm = openOrm(true);
    await expect(orm.each.em.fork().execute('select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  });

  it('A6: sets its own timeout without a pooler, whatever the database sets', async () => {
    await setTimeoutOfDatabase('0');
    const text = `select current_setting('statement_timeout') as value`;
    await using pool = openPool(options);
    expect((await pool.each.query(text)).rows).toEqual([{ value: '3s' }]);
    await using orm = openOrm(false);
    expect(await orm.each.em.fork().execute(text)).toEqual([{ value: '3s' }]);
  });
});

describe('the sessions of a database without a pooler', () => {
  it('A6: belong to one connection each', async () => {
    const access = { databaseUrl: options.url, isPooled: false, directDatabaseUrl: undefined };
    expect(await probeSessions(options.url)).toEqual({ isShared: false, keepsStatements: true });
    await using pool = openPool(options);
    await requireSessions(pool.each, access, 'BOOKING');
    const asked = { prefix: 'BOOKING', what: 'the outbox' };
    expect(await requireDirectUrl(access, asked)).toBe(options.url);
    await expect(requireDirectUrl({ ...access, isPooled: true }, asked)).rejects.toThrow(
      'BOOKING_DATABASE_POOLED is true, and the outbox needs sessions of its own: set BOOKING_DATABASE_DIRECT_URL',
    );
  });
});

function openPool(from: PoolOptions) {
  const each = createPool(from);
  return { each, [Symbol.asyncDispose]: () => each.end() };
}

function openOrm(isPooled: boolean) {
  const each = createOrm({ ...options, isPooled, entities: [] });
  return { each, [Symbol.asyncDispose]: () => each.close(true) };
}
