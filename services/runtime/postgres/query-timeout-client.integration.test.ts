import pg from 'pg';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../testing/index.ts';
import { isDatabaseUnavailable } from './database-error.ts';
import { queryTimeoutClient } from './pool.ts';

it('closes a connection that brings no answer in time, and otherwise answers as pg does', async () => {
  await using database = await createTestDatabase('auth');
  const pool = new pg.Pool({ connectionString: database.url, max: 1, Client: queryTimeoutClient(300) });
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    const slow = await pool.query('select pg_sleep(3)').catch((error) => error);
    expect(slow.message).toBe('Query read timeout');
    expect(isDatabaseUnavailable(slow)).toBe(true);
    // A new object each time, because pg writes its callback into the object.
    const named = () => ({ name: 'one', text: 'select $1::int as n', values: [7] });
    expect((await pool.query(named())).rows).toEqual([{ n: 7 }]);
    await expect(pool.query('select nothing')).rejects.toThrow('column "nothing" does not exist');

    const client = await pool.connect();
    expect((await client.query(named())).rows).toEqual([{ n: 7 }]);
    await expect(client.query('select nothing')).rejects.toThrow('column "nothing" does not exist');
    await expect(client.query('select pg_sleep(3)')).rejects.toThrow('Query read timeout');
    client.release(true);

    const kept = await pool.connect();
    await kept.query('select 1');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await kept.query(named())).rows).toEqual([{ n: 7 }]);
    kept.release();
  } finally {
    await pool.end();
  }
});
