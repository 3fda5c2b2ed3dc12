import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { expect, it } from 'vitest';
import { createPostgresChangeLog } from '../postgres/feed/postgres-change-log.ts';

it('A6: reads the feed by index in a session without settings, for any number of changes', async () => {
  await using database = await createTestDatabase('auth');
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(database.url), maxConnections: 1, statementTimeoutMs: 5000, logger };
  const pool = stack.adopt(createPool(options), (each) => each.end());
  const log = createPostgresChangeLog(pool);
  const change = `insert into user_changes (tenant_id, user_id, version, kind)
    select 'acme', gen_random_uuid(), n, 'UPDATED' from generate_series(1, $1::int) n`;
  await query(database.url, change, [3]);
  // With statistics of so small a table, every plan that is allowed to would scan all of it.
  await query(database.url, 'analyze user_changes');
  const scans = async () => {
    await pool.query('select pg_stat_force_next_flush()');
    const text = `select seq_scan::int as n from pg_stat_user_tables where relname = 'user_changes'`;
    return (await query<{ n: number }>(database.url, text))[0]?.n;
  };
  const before = await scans();
  for (let round = 0; round < 10; round++) {
    const { changes } = await log.read({ xid: 0n }, { limit: 100 });
    expect(changes).toHaveLength(3);
    await log.removeOlderThan(3_600_000);
  }
  expect(await scans()).toBe(before);
});
