import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService, UserView } from '@rollcall/contract/user';
import { createTestDatabase, runMain } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const TOOLS = fileURLToPath(new URL('../../auth/commands/main.ts', import.meta.url));
const READERS = 16;

it('B11: kill -9 in the middle of a batch costs no line of a call that was answered, and breaks no chain', {
  timeout: 90_000,
}, async () => {
  await using database = await createTestDatabase('auth');
  const env = { AUTH_DATABASE_URL: database.url };
  const audit = async (...args: string[]) => await runMain(TOOLS, env, ['audit', ...args]);
  const killed = await startService('auth', env);
  await using other = await startService('auth', env);
  const tenantId = freshTenant();
  const [one, two] = [connect(killed.grpcPort), connect(other.grpcPort)];
  using _ = one;
  using __ = two;
  const { id } = await seedUser(one, tenantId);
  const answered = new Set<string>();
  let isOver = false;
  const read = async ({ users }: typeof one) => {
    while (!isOver) {
      const requestId = crypto.randomUUID();
      const headers = { 'x-request-id': requestId };
      const done = await users.getUser({ tenantId, id, view: UserView.BASIC }, { headers }).then(
        () => true,
        () => false,
      );
      if (done) answered.add(requestId);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const readers = [one, two].flatMap((each) => Array.from({ length: READERS }, () => read(each)));
  await expect.poll(() => answered.size, { timeout: 20_000 }).toBeGreaterThan(200);
  await killed.kill('SIGKILL');
  const before = answered.size;
  await expect.poll(() => answered.size, { timeout: 20_000 }).toBeGreaterThan(before + 200);
  isOver = true;
  await Promise.all(readers);

  expect(await audit('verify')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^The audit log is whole: \d+ lines in 2 chains/),
  });
  const kept = new Set<string>();
  const { stdout } = await audit(
    'search',
    '--user',
    id,
    '--method',
    'UserService/GetUser',
    '--lines',
    '10000',
  );
  for (const line of stdout.split('\n').filter(Boolean)) kept.add(JSON.parse(line).requestId);
  expect(answered.size).toBeLessThan(10_000);
  expect([...answered].filter((requestId) => !kept.has(requestId))).toEqual([]);
});

function connect(port: number) {
  const transport = createGrpcTransport({ address: `127.0.0.1:${port}`, defaultTimeoutMs: 5000 });
  return {
    users: createClient(UserService, transport),
    admin: createClient(UserAdminService, transport),
    [Symbol.dispose]: () => transport.close(),
  };
}
