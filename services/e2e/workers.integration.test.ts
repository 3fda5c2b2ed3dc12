import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { startService } from './process.test-support.ts';

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

    // Whoever saw a version sees it, or a later one, on every connection.
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
    for (const pid of [...before, ...after]) expect(isAlive(pid)).toBe(false);
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
