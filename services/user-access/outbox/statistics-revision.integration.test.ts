import { randomUUID } from 'node:crypto';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeRevision } from './user-tasks.ts';

const stack = new AsyncDisposableStack();
let pool: Pool;
let userId: string;

beforeAll(async () => {
  const { url } = stack.use(await createTestDatabase('booking'));
  const logger = createLogger({ service: 'booking', level: 'silent' });
  const config = { url: new Secret(url), maxConnections: 2, statementTimeoutMs: 5000, logger };
  pool = stack.adopt(createPool(config), (each) => each.end());
});

afterAll(() => stack.disposeAsync());

beforeEach(() => {
  userId = randomUUID();
});

const take = (tenantId = 'acme') => takeRevision(pool, { tenantId, userId });
const moveTo = (revision: bigint) =>
  pool.query(`update told_statistics set revision = $2 where tenant_id = 'acme' and user_id = $1`, [
    userId,
    revision,
  ]);

describe('T1: a revision of reported statistics', () => {
  it('grows by one while the clock is behind the last revision', async () => {
    const future = (await take()) + 3_600_000n;
    await moveTo(future);
    expect([await take(), await take()]).toEqual([future + 1n, future + 2n]);
  });

  it('follows the clock when the database is restored from a backup', async () => {
    const before = await take();
    await moveTo(1n);
    expect(await take()).toBeGreaterThanOrEqual(before);
  });

  it('is counted for each user of each tenant', async () => {
    const own = await take();
    await moveTo(own + 3_600_000n);
    expect(await take('elsewhere')).toBeLessThan(own + 3_600_000n);
  });
});
