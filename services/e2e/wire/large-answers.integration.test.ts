import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserClient, UserView } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

it('users with profiles are all read, more of them than one message holds', async () => {
  await using database = await createTestDatabase('auth');
  await using auth = await startService('auth', { AUTH_DATABASE_URL: database.url });
  const address = `127.0.0.1:${auth.grpcPort}`;
  using admin = createUserAdminClient({ address });
  const tenantId = freshTenant();
  // 58 kB each, 5.8 MB together; a message is 4 MiB.
  const crmFields = Object.fromEntries(
    Array.from({ length: 29 }, (_, i) => [`field ${i}`, 'x'.repeat(2000)]),
  );
  const ids: string[] = [];
  for (let i = 0; i < 100; i++)
    ids.push((await seedUser({ admin }, tenantId, { profile: { crmFields } })).id);
  await using users = createUserClient({ address, tenantId, view: UserView.FULL, timeoutMs: 20_000 });
  const read = await users.getUsers(ids);
  expect(read.map(({ id }) => id)).toEqual(ids);
  expect(read.every(({ profile }) => Object.keys(profile?.crmFields ?? {}).length === 29)).toBe(true);
});
