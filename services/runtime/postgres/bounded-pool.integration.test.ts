import { describe, expect, it } from 'vitest';
import { type Call, runAsCurrent } from '../rpc/call.ts';
import { createTestDatabase } from '../testing/index.ts';
import { BoundedPool, CallEndedError, PoolExhaustedError } from './bounded-pool.ts';

async function openPool(max: number, maxWaitMs: number) {
  const database = await createTestDatabase('auth');
  const pool = new BoundedPool({ connectionString: database.url, max }, { maxWaitMs });
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

describe('a pool of database connections', () => {
  it('limits the wait for a connection, and works again when one is free', async () => {
    await using opened = await openPool(1, 50);
    const { pool } = opened;
    const held = await pool.connect();
    await expect(pool.query('select 1')).rejects.toBeInstanceOf(PoolExhaustedError);
    await expect(pool.connect()).rejects.toBeInstanceOf(PoolExhaustedError);
    held.release();
    await expect
      .poll(() => pool.query('select 1 as one').then(({ rows }) => rows, String))
      .toEqual([{ one: 1 }]);
    expect(pool.totalCount).toBe(1);
  });

  it('serves all requests that arrive together, one per connection at a time', async () => {
    await using opened = await openPool(2, 20_000);
    const answers = Array.from({ length: 50 }, (_, i) => opened.pool.query('select $1::int as n', [i]));
    expect((await Promise.all(answers)).map(({ rows }) => rows[0].n)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    expect(opened.pool.totalCount).toBe(2);
  });

  it('refuses a request when its queue is full', async () => {
    await using opened = await openPool(1, 20_000);
    const held = await opened.pool.connect();
    const waiting = Array.from({ length: 100 }, () => opened.pool.query('select 1'));
    await expect(opened.pool.query('select 1')).rejects.toBeInstanceOf(PoolExhaustedError);
    held.release();
    await Promise.all(waiting);
  });

  it('begins nothing for a call that ended while it waited', async () => {
    await using opened = await openPool(1, 20_000);
    const held = await opened.pool.connect();
    const caller = new AbortController();
    const query = runAsCurrent({ signal: caller.signal } as Call, () => opened.pool.query('select 1'));
    caller.abort();
    held.release();
    await expect(query).rejects.toBeInstanceOf(CallEndedError);
    expect((await opened.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('A1: reuses no connection from before a renewal, idle or in use', async () => {
    await using opened = await openPool(2, 20_000);
    const { pool } = opened;
    const pid = async () => (await pool.query('select pg_backend_pid() as pid')).rows[0].pid as number;
    const lent = await pool.connect();
    const before = new Set([(await lent.query('select pg_backend_pid() as pid')).rows[0].pid, await pid()]);
    pool.renew();
    const waiting = Array.from({ length: 10 }, pid);
    lent.release();
    for (const each of [...(await Promise.all(waiting)), await pid()]) expect(before).not.toContain(each);
    expect(before.size).toBe(2);
    expect(pool.totalCount).toBeLessThanOrEqual(2);
  });
});
