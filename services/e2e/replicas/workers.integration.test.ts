import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { isProcessAlive } from '@rollcall/runtime';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { createUserClient } from '@rollcall/user-client';
import { describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

describe('an auth service of two workers', () => {
  it('shares its ports among them, replaces one that is killed, and ends whole', {
    timeout: 90_000,
  }, async () => {
    await using database = await createTestDatabase('auth');
    await using auth = await startService('auth', { AUTH_DATABASE_URL: database.url, AUTH_WORKERS: '2' });
    const before = await expectWorkers(auth.pid, 2);
    const address = `127.0.0.1:${auth.grpcPort}`;
    await using stack = new AsyncDisposableStack();
    const connections = [0, 1, 2, 3].map(() => {
      const transport = stack.use(createGrpcTransport({ address, defaultTimeoutMs: 5000 }));
      return {
        users: createClient(UserService, transport),
        admin: createClient(UserAdminService, transport),
      };
    });
    const [{ admin }] = connections as [(typeof connections)[number]];
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);
    await expect.poll(() => workersThatServe(auth.httpPort), { timeout: 20_000 }).toBe(2);

    // A caller that saw a version sees it, or a later one, on every connection.
    for (let i = 0; i < 20; i++) {
      const { user } = await admin.updateUser({
        tenantId,
        user: { id, firstName: `Name ${i}` },
        updateMask: { paths: ['first_name'] },
      });
      const minVersion = user?.version ?? 0n;
      const seen = await Promise.all(
        connections.map(({ users }) => users.getUser({ tenantId, id, minVersion })),
      );
      expect(seen.map((each) => each.user?.firstName)).toEqual(Array(4).fill(`Name ${i}`));
    }

    process.kill(before[0] as number, 'SIGKILL');
    await expect
      .poll(() => workersOf(auth.pid).includes(before[0] as number), { timeout: 20_000 })
      .toBe(false);
    const after = await expectWorkers(auth.pid, 2);
    expect(after).toContain(before[1]);
    for (const { users } of connections) {
      await expect
        .poll(() => users.getUser({ tenantId, id }).then(() => 'answered', String), { timeout: 20_000 })
        .toBe('answered');
    }
    expect(await auth.kill('SIGTERM')).toBe(0);
    for (const pid of [...before, ...after]) expect(isProcessAlive(pid)).toBe(false);
  });

  it('says why, and ends, where a worker cannot start', async () => {
    await using database = await createTestDatabase('auth');
    const url = new URL(database.url);
    url.port = '1';
    await expect(startService('auth', { AUTH_DATABASE_URL: url.href, AUTH_WORKERS: '2' })).rejects.toThrow(
      /ended with 1 before it listened: [\s\S]*The database of AUTH_DATABASE_URL does not answer/,
    );
  });
});

describe('a client of two auth services on one database', () => {
  it('is told by one of them what it then reads from either, and never shows what is older', {
    timeout: 60_000,
  }, async () => {
    await using database = await createTestDatabase('auth');
    const env = { AUTH_DATABASE_URL: database.url };
    await using one = await startService('auth', env);
    await using two = await startService('auth', env);
    const tenantId = freshTenant();
    const addresses = [one, two].map(({ grpcPort }) => `127.0.0.1:${grpcPort}`);
    await using client = createUserClient({ address: addresses.join(','), tenantId, timeoutMs: 5000 });
    await using transport = createGrpcTransport({ address: addresses[0] as string, defaultTimeoutMs: 5000 });
    const admin = createClient(UserAdminService, transport);
    const { id } = await seedUser({ admin }, tenantId, { firstName: '0' });
    await client.getUser(id);
    await expect.poll(() => client.stats().feed.state, { timeout: 20_000 }).toBe('watching');
    const shown: number[] = [];
    for (let i = 1; i <= 20; i++) {
      const rename = { id, firstName: String(i) };
      await admin.updateUser({ tenantId, user: rename, updateMask: { paths: ['first_name'] } });
      await expect
        .poll(
          async () => {
            shown.push(Number((await client.getUser(id)).firstName));
            return shown.at(-1);
          },
          { timeout: 20_000, interval: 2 },
        )
        .toBe(i);
    }
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  });
});

// Connections are dealt in turn, and each worker's metrics bear its number.
async function workersThatServe(httpPort: number): Promise<number> {
  const workers = new Set<string | undefined>();
  for (let i = 0; i < 4; i++) {
    const request = get({ host: '127.0.0.1', port: httpPort, path: '/metrics', agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    workers.add(/worker="(\d+)"/.exec(await text(response))?.[1]);
  }
  return workers.size;
}

async function expectWorkers(pid: number, count: number): Promise<number[]> {
  await expect.poll(() => workersOf(pid).length, { timeout: 30_000 }).toBe(count);
  return workersOf(pid);
}

function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
