import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshTenant } from '@rollcall/contract/testing';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import { describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';
import { startPrimary } from '../testing/replica.ts';

const WRITERS = 8;
const READY_MS = 5000;

describe('kill -9 under write load', () => {
  it('of the service loses no write that was acknowledged, and it is ready again in time', {
    timeout: 90_000,
  }, async () => {
    await using database = await createTestDatabase('auth');
    const env = { AUTH_DATABASE_URL: database.url };
    const startedAtMs = performance.now();
    const first = await startService('auth', env);
    const firstStartMs = performance.now() - startedAtMs;
    const ports = { AUTH_GRPC_PORT: String(first.grpcPort), AUTH_HTTP_PORT: String(first.httpPort) };
    const tenantId = freshTenant();
    using admin = createUserAdminClient({ address: `127.0.0.1:${first.grpcPort}`, defaultTimeoutMs: 2000 });
    const load = writeUntilTold(admin, tenantId);
    await expect.poll(() => load.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(50);
    await first.kill('SIGKILL');
    const killedAtMs = performance.now();
    await using _ = await startService('auth', { ...env, ...ports });
    await expectReady(first.httpPort);
    const readyInMs = performance.now() - killedAtMs;
    const before = load.acknowledged.size;
    await expect.poll(() => load.acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(before + 20);
    await load.end();
    await expectKept(database.url, tenantId, load.acknowledged);
    // On a machine that is busy otherwise any start takes as long.
    expect(readyInMs).toBeLessThan(Math.max(READY_MS, 2 * firstStartMs));
  });

  it('of Postgres loses none either, and the service serves again by itself', {
    timeout: 120_000,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.use(await startPrimary());
    const url = postgres.databaseUrl('auth');
    const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: url }));
    const tenantId = freshTenant();
    using admin = createUserAdminClient({ address: `127.0.0.1:${auth.grpcPort}`, defaultTimeoutMs: 2000 });
    const load = writeUntilTold(admin, tenantId);
    await expect.poll(() => load.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(50);
    // A backend that is killed makes the postmaster end all others and recover from the log.
    process.kill(await backendOf(url), 'SIGKILL');
    await expect.poll(() => restartsIn(postgres.dataDirectory), { timeout: 30_000 }).toBeGreaterThan(0);
    // How long it recovers is a matter of its disk; from then on it is the service's.
    await expect
      .poll(() => query(url, 'select 1').then(() => 'answers', String), { timeout: 30_000 })
      .toBe('answers');
    const recoveredAtMs = performance.now();
    const before = load.acknowledged.size;
    await expect
      .poll(() => load.acknowledged.size, { timeout: 30_000, interval: 20 })
      .toBeGreaterThan(before + 20);
    const againInMs = performance.now() - recoveredAtMs;
    await load.end();
    await expectKept(url, tenantId, load.acknowledged);
    expect(againInMs).toBeLessThan(READY_MS);
  });
});

/**
 * Creates users, several at a time, each until it is acknowledged or known to have failed; notes those that
 * were.
 */
function writeUntilTold(admin: UserAdminClient, tenantId: string) {
  const acknowledged = new Set<string>();
  let isOver = false;
  const writer = async () => {
    while (!isOver) {
      const created = await admin
        .createUser({ tenantId, user: { firstName: 'Kept' } })
        .catch(() => undefined);
      if (created?.user) acknowledged.add(created.user.id);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const writers = Array.from({ length: WRITERS }, writer);
  return {
    acknowledged,
    async end() {
      isOver = true;
      await Promise.all(writers);
    },
  };
}

async function expectKept(url: string, tenantId: string, acknowledged: ReadonlySet<string>): Promise<void> {
  const rows = await query(
    url,
    `select u.id from users u join user_changes c on c.tenant_id = u.tenant_id and
    c.user_id = u.id and c.version = 1 where u.tenant_id = '${tenantId}'`,
  );
  const kept = new Set(rows.map(({ id }) => id));
  expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
}

async function expectReady(httpPort: number): Promise<void> {
  const status = () => fetch(`http://127.0.0.1:${httpPort}/readyz`).then((answer) => answer.status, String);
  await expect.poll(status, { timeout: 20_000, interval: 20 }).toBe(200);
}

async function backendOf(url: string): Promise<number> {
  const [row] = await query<{ pid: number }>(
    url,
    `select pid from pg_stat_activity where datname = 'auth' and pid <> pg_backend_pid() limit 1`,
  );
  if (!row) throw new Error('no connection of the auth service to kill');
  return row.pid;
}

function restartsIn(dataDirectory: string): number {
  const log = readFileSync(join(dataDirectory, 'logs', 'postgres.log'), 'utf8');
  return log.split('database system was not properly shut down').length - 1;
}
