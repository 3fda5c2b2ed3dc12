import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { query } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';
import { startPrimary, startReplica } from '../testing/replica.ts';

describe('an auth service with a streaming replica', () => {
  it('reads from it while it follows, never breaks a version, and does without it when it is gone', {
    timeout: 120_000,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const primary = stack.use(await startPrimary());
    const url = primary.databaseUrl('auth');
    let replica = await startReplica(primary);
    stack.defer(() => replica[Symbol.asyncDispose]());
    const replicaAdmin = adminOf(replica.databaseUrl('postgres'), primary.adminUrl);
    const auth = stack.use(
      await startService('auth', {
        AUTH_DATABASE_URL: url,
        AUTH_DATABASE_REPLICA_URLS: replica.databaseUrl('auth'),
        AUTH_CACHED_USERS: '0',
      }),
    );
    const transport = stack.use(
      createGrpcTransport({ address: `127.0.0.1:${auth.grpcPort}`, defaultTimeoutMs: 5000 }),
    );
    const users = createClient(UserService, transport);
    const admin = createClient(UserAdminService, transport);
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId, { firstName: 'Ada' });
    const rename = async (firstName: string) => {
      const mask = { paths: ['first_name'] };
      return (
        (await admin.updateUser({ tenantId, user: { id, firstName }, updateMask: mask })).user?.version ?? 0n
      );
    };
    const read = async (minVersion = 0n) =>
      (await users.getUser({ tenantId, id, minVersion })).user?.firstName;
    const scans = () => scansOn(replicaAdmin);

    // Reads arrive there, once it is known to follow.
    const before = await scans();
    await expect
      .poll(async () => [await read(), (await scans()) > before], { timeout: 20_000 })
      .toEqual(['Ada', true]);

    // What was written is read at once, held back or not: who just changed is read from the primary.
    await pause(replicaAdmin);
    const version = await rename('Grace');
    expect(await read(version)).toBe('Grace');
    expect(await read()).toBe('Grace');
    // A replica that is far behind is not read, also long after the changes left every cache.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await rename('Hedy');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await read()).toBe('Hedy');
    await resume(replicaAdmin);
    const paused = await scans();
    await expect
      .poll(async () => [await read(), (await scans()) > paused], { timeout: 20_000 })
      .toEqual(['Hedy', true]);

    // A dead replica causes no error.
    await replica[Symbol.asyncDispose]();
    for (let i = 0; i < 20; i++) expect(await read()).toBe('Hedy');
    expect(await read(await rename('Radia'))).toBe('Radia');
    replica = { ...replica, [Symbol.asyncDispose]: async () => {} };
  });
});

function adminOf(replicaUrl: string, adminUrl: string): string {
  const url = new URL(adminUrl);
  url.port = new URL(replicaUrl).port;
  url.pathname = '/auth';
  return url.href;
}

async function scansOn(url: string): Promise<number> {
  const [row] = await query<{ scans: number }>(
    url,
    `select coalesce(sum(idx_scan), 0)::int as scans from pg_stat_user_tables where relname = 'users'`,
  );
  return row?.scans ?? 0;
}

const pause = (url: string) => query(url, 'select pg_wal_replay_pause()');
const resume = (url: string) => query(url, 'select pg_wal_replay_resume()');
