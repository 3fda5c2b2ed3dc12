import { startAuth } from '@rollcall/auth/testing';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserClient, type UserLookup, withSeenVersions } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { expect, it } from 'vitest';

it('a version that nobody wrote costs whoever claims it, and nobody whose read travels along', async () => {
  await using database = await createTestDatabase('auth');
  await using auth = await startAuth({ databaseUrl: database.url });
  const address = auth.address;
  using admin = createUserAdminClient({ address });
  const tenantId = freshTenant();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await seedUser({ admin }, tenantId)).id);
  const [wrong, ...right] = ids as [string, ...string[]];
  await using users = createUserClient({ address, tenantId, timeoutMs: 5000 });

  const claim = (id: string, version: bigint) =>
    withSeenVersions([{ tenantId, id, version }], () => users.lookup(id));
  const [one, ...others] = await Promise.all([claim(wrong, 99n), ...right.map((id) => claim(id, 1n))]);
  expect(toWord(one)).toBe('version_not_reached');
  expect(others.map(toWord)).toEqual(right.map(() => 'found'));
  expect(users.stats()).toMatchObject({ batches: 1, breaker: 'closed' });
});

function toWord(lookup: UserLookup | undefined): string | undefined {
  return lookup?.outcome === 'unavailable' ? lookup.degraded.reason : lookup?.outcome;
}
