import { createClient } from '@connectrpc/connect';
import { startAuth } from '@rollcall/auth/testing';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, type UserChange, UserChangeKind, UserService } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { createUserClient } from '@rollcall/user-client';
import { expect, it } from 'vitest';

it('a client that remembers a user answers with the survivor once it is told of the merge, and goes back when it is taken back', async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const one = stack.use(await startAuth({ databaseUrl: database.url }));
  // Another process: nothing but the feed tells it what the first one writes.
  const other = stack.use(await startAuth({ databaseUrl: database.url }));
  const toOne = stack.use(createGrpcTransport({ address: one.address, defaultTimeoutMs: 10_000 }));
  const address = other.address;
  const toOther = stack.use(createGrpcTransport({ address, defaultTimeoutMs: 10_000 }));
  const admin = createClient(UserAdminService, toOne);
  const tenantId = freshTenant();
  const [survivor, loser] = [await seedUser({ admin }, tenantId), await seedUser({ admin }, tenantId)];

  const told: UserChange[] = [];
  const ended = new AbortController();
  const begun = Promise.withResolvers<void>();
  const watching = (async () => {
    const watch = createClient(UserService, toOther).watchUsers({ tenantIds: [tenantId] }, ended);
    for await (const { changes } of watch) {
      begun.resolve();
      told.push(...changes);
    }
  })().catch(() => undefined);
  await begun.promise;
  const client = stack.use(createUserClient({ address, tenantId }));
  const idOf = async (id: string) => {
    const lookup = await client.lookup(id);
    return lookup.outcome === 'missing' || lookup.outcome === 'unavailable' ? lookup.outcome : lookup.user.id;
  };
  for (let n = 0; n < 3; n += 1) expect(await idOf(loser.id)).toBe(loser.id);

  const { mergeId } = await admin.mergeUsers({
    tenantId,
    plan: { survivorId: survivor.id, loserId: loser.id },
  });
  await expect.poll(() => idOf(loser.id), { timeout: 10_000 }).toBe(survivor.id);
  await admin.unmergeUsers({ tenantId, mergeId });
  await expect.poll(() => idOf(loser.id), { timeout: 10_000 }).toBe(loser.id);

  await expect.poll(() => told.length, { timeout: 10_000 }).toBe(4);
  const { MERGED, UNMERGED } = UserChangeKind;
  for (const { id } of [survivor, loser]) {
    const changes = told.filter((change) => change.id === id);
    expect(changes.map(({ kind, version }) => [kind, version])).toEqual([
      [MERGED, 2n],
      [UNMERGED, 3n],
    ]);
  }
  ended.abort();
  await watching;
});
