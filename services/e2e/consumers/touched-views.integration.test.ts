import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserView } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserClient, type UserClientOptions } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const PATIENT = { timeout: 20_000 };

it('A4: a booking costs no client a read of a name, and takes nobody away in an outage right after it', {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: database.url }));
  const address = `127.0.0.1:${auth.grpcPort}`;
  const admin = stack.use(createUserAdminClient({ address }));
  const tenantId = freshTenant();
  const { id } = await seedUser({ admin }, tenantId, { firstName: 'Ada' });
  const open = async (view: UserView, options: Partial<UserClientOptions> = {}) => {
    const users = stack.use(createUserClient({ address, tenantId, view, ...options }));
    await users.getUser(id);
    // Until what is told covers what was read.
    await expect.poll(() => users.stats().feed.state, PATIENT).toBe('watching');
    return users;
  };
  const names = await open(UserView.REFERENCE);
  // Nothing is read in the background, so that it is the outage alone that is met.
  const profiles = await open(UserView.FULL, { refreshAheadRatio: 0 });

  await admin.recordStatistics({ tenantId, id, source: 'booking', revision: 1n, totalBookings: 1n });
  for (const users of [names, profiles])
    await expect.poll(() => users.stats().feed.changes, PATIENT).toBeGreaterThan(0);
  const { batches } = names.stats();
  const raised = await names.getUser(id, { minVersion: 2n });
  expect(raised).toMatchObject({ version: 2n, firstName: 'Ada' });
  expect(names.stats()).toMatchObject({ batches, raised: 1 });
  expect(profiles.describe(id).entries).toMatchObject([{ version: '1', dueVersion: '2' }]);
  const direct = stack.use(createUserClient({ address, tenantId, watch: false }));
  expect(raised).toEqual(await direct.getUser(id));

  await auth.kill('SIGKILL');
  // Its figures are from before, and it is said so.
  expect(await profiles.lookup(id)).toMatchObject({
    ...{ outcome: 'found', source: 'stale', version: 1n },
    degraded: { reason: 'service_unavailable' },
  });
  await expect
    .poll(() => names.lookup(id), PATIENT)
    .toMatchObject({
      outcome: 'found',
      source: 'stale',
      version: 2n,
      degraded: { reason: expect.any(String) },
    });
});
