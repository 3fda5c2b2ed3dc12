import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type BatchGetUsersRequest, UserSchema, UserService, UserView } from '@rollcall/contract/user';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient, type UserClient } from './index.ts';
import { createFakeUserService, type FakeUserService } from './testing/index.ts';

const tenantId = 'acme';
const KIB = 1024;

let opened: AsyncDisposableStack;
beforeEach(() => {
  opened = new AsyncDisposableStack();
});
afterEach(() => opened.disposeAsync());

const open = (address: string): UserClient =>
  opened.use(createUserClient({ address, tenantId, view: UserView.FULL, watch: false, timeoutMs: 20_000 }));

describe('users whose answers do not fit into one message', () => {
  it('are all answered, in order, by reads of halves', async () => {
    const service: FakeUserService = opened.use(createFakeUserService());
    const { address } = await service.listen();
    const ids = Array.from({ length: 120 }, () => randomUUID());
    for (const id of ids)
      service.users.put(tenantId, id, { displayName: id, profile: { tags: tags(60 * KIB) } });
    const users = open(address);
    expect((await users.getUsers(ids)).map(({ displayName }) => displayName)).toEqual(ids);
    const sizes = service.requests(UserService.method.batchGetUsers).map((request) => request.ids.length);
    expect(sizes.toSorted((a, b) => b - a)).toEqual([120, 60, 60]);

    for (const [i, id] of ids.entries()) service.users.update(tenantId, id, { email: `u${i}@example.com` });
    const found = await users.resolveMany(ids.map((_, i) => ({ email: `u${i}@example.com` })));
    expect(found.map((lookup) => ('user' in lookup ? lookup.user.id : lookup.outcome))).toEqual(ids);
    expect(users.stats().breaker).toBe('closed');
  });

  it('are answered beside one that is too large alone, which is refused with what to do', async () => {
    const [small, large] = [randomUUID(), randomUUID()];
    const sizes: number[] = [];
    const server = opened.use(
      await startGrpcTestServer(UserService, {
        batchGetUsers: ({ ids }: BatchGetUsersRequest) => {
          sizes.push(ids.length);
          const outcomes = ids.map((id) => {
            const displayName = 'x'.repeat(id === large ? 5 * KIB * KIB : 1);
            const user = create(UserSchema, { tenantId, id, version: 1n, displayName });
            return { id, outcome: { case: 'user' as const, value: user } };
          });
          return { outcomes };
        },
      }),
    );
    const users = open(server.address);
    // Two callers whose reads travel together.
    const [one, other] = await Promise.allSettled([users.getUser(small), users.getUser(large)]);
    expect(one).toMatchObject({ status: 'fulfilled', value: { id: small } });
    expect(other).toMatchObject({
      status: 'rejected',
      reason: { reason: 'service_refused', code: Code.ResourceExhausted },
    });
    expect(String((other as PromiseRejectedResult).reason)).toMatch(
      new RegExp(`"id":"${large}".+tenant acme.+view FULL.+ask for a smaller view`),
    );
    expect(sizes).toEqual([2, 1, 1]);
  });

  it('are not asked for again where it is something else that is exhausted', async () => {
    let calls = 0;
    const server = opened.use(
      await startGrpcTestServer(UserService, {
        batchGetUsers: () => {
          calls += 1;
          throw new ConnectError('too many calls', Code.ResourceExhausted);
        },
      }),
    );
    await expect(open(server.address).getUsers([randomUUID(), randomUUID()])).rejects.toThrow(
      /too many calls/,
    );
    expect(calls).toBe(1);
  });
});

/** Labels of so many bytes together. */
function tags(bytes: number): string[] {
  return Array.from({ length: Math.floor(bytes / 50) }, (_, i) => String(i).padStart(48, '-'));
}
