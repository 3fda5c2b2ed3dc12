import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type BatchGetUsersRequest, UserSchema, UserService, UserView } from '@rollcall/contract/user';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient, type UserClient, type UserClientOptions, type UserLookup } from '../index.ts';
import { SEEN_HEADER } from '../seen-versions/seen-header.ts';
import { withSeenHeader, withSeenVersions } from '../seen-versions/version-context.ts';
import { createFakeUserService, type FakeUserService } from '../testing/index.ts';
import { refusal } from '../testing/map-user-service.ts';

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

  it('are answered beside one that is too large alone, which is refused with advice', async () => {
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
    // Two callers whose reads are sent together.
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

  it('are not asked for again where another limit is exceeded', async () => {
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

describe('a version that is not reached', () => {
  let fake: FakeUserService;
  beforeEach(() => {
    fake = opened.use(createFakeUserService());
  });

  /** A client of a fake without a wire, so that no channel retries. */
  const near = (options: Partial<UserClientOptions> = {}): UserClient =>
    opened.use(createUserClient({ transport: fake.transport, tenantId, watch: false, ...options }));

  /** Puts so many users, each at version 1. */
  const put = (count: number): string[] =>
    Array.from(
      { length: count },
      (_, i) => fake.users.put(tenantId, randomUUID(), { displayName: `${i}` }).id,
    );

  const asked = () => fake.requests(UserService.method.batchGetUsers);

  it('fails one caller, and another of the same turn is answered', async () => {
    const [own, other] = put(2) as [string, string];
    const { address } = await fake.listen();
    const users = opened.use(createUserClient({ address, tenantId, watch: false }));
    const lookups = await Promise.all([
      users.lookup(own, { minVersion: 1n }),
      users.lookup(other, { minVersion: 99n }),
    ]);
    expect(lookups.map(toWord)).toEqual(['found', 'version_not_reached']);
  });

  it('fails one request, and another of the same turn is answered', async () => {
    const [own, other] = put(2) as [string, string];
    const users = near();
    fake.users.update(tenantId, own, { displayName: 'new' });
    const header = (id: string, version: bigint) =>
      new Headers({ [SEEN_HEADER]: `${tenantId}/${id}/${version}` });
    const lookups = await Promise.all([
      withSeenHeader(header(other, 2n ** 63n - 1n), () => users.lookup(other)),
      withSeenHeader(header(own, 2n), () => users.lookup(own)),
    ]);
    expect(lookups.map(toWord)).toEqual(['version_not_reached', 'found']);
    // Ids that are asked again keep their minimum versions.
    expect(asked().map(({ ids, minVersions }) => ids.map((id) => minVersions[id]))).toEqual([
      [2n ** 63n - 1n, 2n],
      [2n],
    ]);
  });

  it('fails one of three ids, and the others are answered in their places', async () => {
    const ids = put(3) as [string, string, string];
    const users = near();
    const seen = ids.map((id, i) => ({ tenantId, id, version: i === 1 ? 99n : 1n }));
    const lookups = await withSeenVersions(seen, () => users.lookupMany(ids));
    expect(lookups.map(({ id }) => id)).toEqual(ids);
    expect(lookups.map(toWord)).toEqual(['found', 'version_not_reached', 'found']);
    expect(asked().map(({ ids }) => ids.length)).toEqual([3, 1, 1]);
    expect(users.stats()).toMatchObject({ breaker: 'closed', unavailable: 1 });
  });

  it('may fail all, which cost two calls each and trip no breaker', async () => {
    const ids = put(40);
    const users = near({ breaker: { volumeThreshold: 1 } });
    const lookups = await users.lookupMany(ids, { minVersion: 2n });
    expect(lookups.map(toWord)).toEqual(ids.map(() => 'version_not_reached'));
    expect(asked().length).toBeLessThanOrEqual(2 * ids.length);
    expect(users.stats()).toMatchObject({ breaker: 'closed', batches: 1 });
  });

  it('fails alone a part that cannot be asked again, which is no outage', async () => {
    const ids = put(5);
    const users = near({ breaker: { volumeThreshold: 1 } });
    const seen = ids.map((id, i) => ({ tenantId, id, version: i === 0 ? 99n : 1n }));
    // The refusal and the first half arrive, and the other half does not.
    fake.flapping({ up: 2, down: 1 });
    const lookups = await withSeenVersions(seen, () => users.lookupMany(ids));
    const [named, ...others] = lookups.map(toWord);
    expect(named).toBe('version_not_reached');
    expect(others).toEqual(['found', 'found', 'service_unavailable', 'service_unavailable']);
    expect(users.stats().breaker).toBe('closed');
  });

  it('A5: causes no timeout where the service refused the whole and the deadline passes over the parts', async () => {
    const ids = put(3);
    const hanging = Promise.withResolvers<never>();
    const server = opened.use(
      await startGrpcTestServer(UserService, {
        batchGetUsers: ({ ids: some }: BatchGetUsersRequest) => {
          if (some.length < ids.length) return hanging.promise;
          throw refusal(Code.Unavailable, 'VERSION_NOT_REACHED', '');
        },
      }),
    );
    opened.defer(() => hanging.reject(new Error('the test is over')));
    const options = { timeoutMs: 500, breaker: { resetTimeoutMs: 600_000 } };
    const users = opened.use(
      createUserClient({ address: server.address, tenantId, watch: false, ...options }),
    );
    const views = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];
    const reads = views.map((view) => users.lookupMany(ids, { view, minVersion: 2n }));
    for (const lookups of await Promise.all(reads))
      expect(lookups.map(toWord)).toEqual(ids.map(() => 'deadline_exceeded'));
    expect(users.stats().breaker).toBe('closed');
    // A caller without minimum versions meets a service that hangs, and the breaker opens as usual.
    for (const id of ids.slice(0, 2)) await users.lookup(id);
    expect(users.stats().breaker).toBe('open');
  });

  it('is found by halves where the service does not name the id', async () => {
    const ids = put(5);
    const sizes: number[] = [];
    const server = opened.use(
      await startGrpcTestServer(UserService, {
        batchGetUsers: ({ ids: some }: BatchGetUsersRequest) => {
          sizes.push(some.length);
          if (some.includes(ids[3] as string)) throw refusal(Code.Unavailable, 'VERSION_NOT_REACHED', '');
          const outcomes = some.map((id) => {
            const user = create(UserSchema, { tenantId, id, version: 1n });
            return { id, outcome: { case: 'user' as const, value: user } };
          });
          return { outcomes };
        },
      }),
    );
    const users = opened.use(createUserClient({ address: server.address, tenantId, watch: false }));
    const lookups = await users.lookupMany(ids, { minVersion: 1n });
    expect(lookups.map(toWord)).toEqual(['found', 'found', 'found', 'version_not_reached', 'found']);
    expect(new Set(sizes)).toEqual(new Set([5, 3, 2, 1]));
  });

  it('fails one id where the answers of the others do not fit into one message', async () => {
    const ids = put(5);
    for (const id of ids) fake.users.put(tenantId, id, { profile: { tags: tags(3 * KIB * KIB) } });
    const users = near({ view: UserView.FULL });
    const seen = ids.map((id, i) => ({ tenantId, id, version: i === 4 ? 99n : 2n }));
    const lookups = await withSeenVersions(seen, () => users.lookupMany(ids));
    const found = ids.slice(1).map(() => 'found');
    expect(lookups.map(toWord)).toEqual([...found, 'version_not_reached']);
    expect(asked().map(({ ids: some }) => some.length)).toEqual([5, 2, 2, 1, 1, 1, 1]);
  });
});

/** The outcome of a lookup in one word: `found`, or why it is unavailable. */
function toWord(lookup: UserLookup): string {
  return lookup.outcome === 'unavailable' ? lookup.degraded.reason : lookup.outcome;
}

/** Labels of so many bytes in total. */
function tags(bytes: number): string[] {
  return Array.from({ length: Math.floor(bytes / 50) }, (_, i) => String(i).padStart(48, '-'));
}
