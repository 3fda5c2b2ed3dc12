import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '@connectrpc/connect';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService } from '@rollcall/contract/user';
import { createTestDatabase, query, TEST_KEYS } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { createUserClient } from '@rollcall/user-client';
import { expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const POLL = { timeout: 20_000 };
const FEED = fileURLToPath(new URL('../../auth/feed/main.ts', import.meta.url));

async function feedCommand(args: readonly string[], url?: string) {
  const env = { ...process.env, ...TEST_KEYS, ...(url && { AUTH_DATABASE_URL: url }) };
  return await promisify(execFile)(process.execPath, [FEED, ...args], { env }).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
}

it('A1, A2: a dump restored under running processes is answered as it is, once the feed is renewed', {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await createTestDatabase('auth'));
  const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: url }));
  const address = `127.0.0.1:${auth.grpcPort}`;
  const transport = stack.use(createGrpcTransport({ address, defaultTimeoutMs: 5000 }));
  const admin = createClient(UserAdminService, transport);
  const tenantId = freshTenant();
  const { id } = await seedUser({ admin }, tenantId, { firstName: 'Kept' });
  for (const firstName of ['Lost1', 'Lost2'])
    await admin.updateUser({ tenantId, user: { id, firstName }, updateMask: { paths: ['first_name'] } });
  const client = stack.use(createUserClient({ address, tenantId }));
  const name = () => client.getUser(id).then(({ firstName }) => firstName, String);
  await name();
  await expect.poll(() => client.describe(id).feedLiveForMs, POLL).toBeGreaterThan(0);
  client.invalidate(id);
  expect(await name()).toBe('Lost2');

  await query(
    url,
    `update users set version = 1, first_name = 'Kept', display_name = 'Kept' where id = '${id}'`,
  );
  const before = await feedCommand(['show'], url);
  const renewed = await feedCommand(['renew'], url);
  expect(renewed).toMatch(/^The change feed is another one from now on: /);
  await expect.poll(name, POLL).toBe('Kept');
  expect(renewed).toContain(await feedCommand(['show'], url));
  expect(renewed).not.toContain(before);
});

it('A1: the command line of the feed says what it does, and what is wrong with its arguments', async () => {
  expect(await feedCommand(['--help'])).toContain('npm run feed -- renew');
  expect(await feedCommand([])).toContain('after a backup was restored');
  expect(await feedCommand(['toString'])).toMatch(/no command "toString"/);
  expect(await feedCommand(['renew', 'now'])).toMatch(/"now" is one argument too many/);
  expect(await feedCommand(['renew', '--force'])).toMatch(/--force.*--help says more/);
  expect(await feedCommand(['show'], 'postgres://nobody:x@127.0.0.1:1/auth')).toMatch(
    /AUTH_DATABASE_URL does not answer/,
  );
});
