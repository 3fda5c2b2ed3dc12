import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import {
  type BatchGetUsersRequest,
  UserAdminService,
  UserSchema,
  UserService,
} from '@rollcall/contract/user';
import { createGrpcTransport } from '@rollcall/transport';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient, type UserClient } from '../index.ts';
import { createFakeUserService, type FakeUserService } from '../testing/index.ts';
import { MapUserService } from '../testing/map-user-service.ts';
import { carrySeenVersions } from './carry-seen-versions.ts';
import {
  decodeSeenVersions,
  encodeSeenVersions,
  MAX_SEEN_HEADER_LENGTH,
  SEEN_HEADER,
} from './seen-header.ts';
import {
  MAX_SEEN_VERSIONS,
  minSeenVersion,
  recordSeenVersion,
  recordWrittenUser,
  seenHeader,
  withSeenHeader,
  withSeenVersions,
} from './version-context.ts';

const [ANN, BEN] = [randomUUID(), randomUUID()] as const;
const acme = (id: string, version: bigint) => ({ tenantId: 'acme', id, version });

describe('a context', () => {
  it('has the newest version that was seen of each user, by tenant', () => {
    withSeenVersions([acme(ANN, 3n)], () => {
      expect(minSeenVersion('acme', ANN)).toBe(3n);
      expect(minSeenVersion('acme', ANN.toUpperCase())).toBe(3n);
      recordSeenVersion(acme(ANN, 2n));
      expect(minSeenVersion('acme', ANN)).toBe(3n);
      recordWrittenUser(create(UserSchema, acme(ANN, 4n)));
      expect(minSeenVersion('acme', ANN)).toBe(4n);
      expect(minSeenVersion('other', ANN)).toBe(0n);
      expect(minSeenVersion('acme', BEN)).toBe(0n);
    });
  });

  it('holds for all that one request awaits, and for no other request', async () => {
    const request = (version: bigint) =>
      withSeenVersions([], async () => {
        const branches = [async () => recordSeenVersion(acme(ANN, version)), () => sleep(2)];
        await Promise.all(branches.map((branch) => branch()));
        return minSeenVersion('acme', ANN);
      });
    expect(await Promise.all([request(1n), request(7n), request(5n)])).toEqual([1n, 7n, 5n]);
    expect(minSeenVersion('acme', ANN)).toBe(0n);
  });

  it('within another starts with its versions, and keeps new ones to itself', () => {
    withSeenVersions([acme(ANN, 3n)], () => {
      withSeenVersions([acme(BEN, 1n)], () => {
        expect(minSeenVersion('acme', ANN)).toBe(3n);
        recordSeenVersion(acme(ANN, 9n));
      });
      expect(minSeenVersion('acme', ANN)).toBe(3n);
      expect(minSeenVersion('acme', BEN)).toBe(0n);
    });
  });

  it('is needed for anything to be kept', () => {
    expect(recordSeenVersion(acme(ANN, 3n))).toBe(false);
    expect(recordWrittenUser(undefined)).toBe(false);
    expect(minSeenVersion('acme', ANN)).toBe(0n);
    expect(seenHeader()).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [5, 'seen'],
    ['acme', 'seen'],
    [[acme(ANN, 1n), null], 'seen[1]'],
    [[acme(ANN, 'x' as never)], 'seen[0].version'],
    [[acme(ANN, 5 as never)], 'seen[0].version'],
    [[acme(ANN, -1n)], 'seen[0].version'],
    [[acme(ANN, 2n ** 63n)], 'seen[0].version'],
    [[acme('ann', 1n)], 'seen[0].id'],
    [[{ id: ANN, version: 1n }], 'seen[0].tenantId'],
  ])('takes no invalid version (%#)', (seen, option) => {
    const fault = { name: 'UserClientOptionError', reason: 'option_invalid', option };
    expect(() => withSeenVersions(seen as never, () => {})).toThrow(expect.objectContaining(fault));
  });

  it('ignores version 0, which no header could carry', () => {
    withSeenVersions([acme(ANN, 3n), acme(BEN, 0n)], () => {
      recordSeenVersion(acme(ANN, 0n));
      expect(seenHeader()).toBe(`acme/${ANN}/3`);
    });
  });

  it('names a value that cannot be recorded', () => {
    withSeenVersions([], () => {
      const user = create(UserSchema, acme(ANN, -1n));
      for (const note of [() => recordSeenVersion(acme(ANN, -1n)), () => recordWrittenUser(user)])
        expect(note).toThrow(expect.objectContaining({ option: 'seen.version' }));
      expect(recordSeenVersion(acme(ANN, 2n ** 63n - 1n))).toBe(true);
    });
  });

  it('forgets the version seen longest ago above its limit', () => {
    withSeenVersions([acme(ANN, 1n), acme(BEN, 1n)], () => {
      recordSeenVersion(acme(ANN, 2n));
      for (let i = 1; i < MAX_SEEN_VERSIONS; i += 1) recordSeenVersion(acme(randomUUID(), 1n));
      expect(minSeenVersion('acme', BEN)).toBe(0n);
      expect(minSeenVersion('acme', ANN)).toBe(2n);
    });
  });
});

describe('a user that was merged away', () => {
  const merge = async () => {
    const fake = createFakeUserService();
    const users = createUserClient({ transport: fake.transport, tenantId: 'acme', watch: false });
    for (const id of [ANN, BEN]) fake.users.put('acme', id);
    const mergeId = fake.users.merge('acme', BEN, ANN);
    const close = async () => {
      await users.close();
      await fake[Symbol.asyncDispose]();
    };
    return { fake, users, mergeId, [Symbol.asyncDispose]: close };
  };

  it('is answered by a survivor no older than seen, from memory and from the service', async () => {
    await using world = await merge();
    const { fake, users } = world;
    const { version } = await users.getUser(BEN);
    const written = fake.users.update('acme', ANN, { firstName: 'Anna' });
    await withSeenVersions([written], async () => {
      expect(users.peek(BEN)).toBeUndefined();
      expect(await users.lookup(BEN)).toMatchObject({ version: written.version, id: BEN });
      expect((await users.lookupMany([ANN, BEN])).map((one) => 'version' in one && one.version)).toEqual([
        written.version,
        written.version,
      ]);
      expect(await users.getUser(BEN)).toMatchObject({ id: ANN, version: written.version });
    });
    expect(written.version).toBeGreaterThan(version);
  });

  it('is unavailable while its survivor is older than seen, as the survivor is', async () => {
    await using world = await merge();
    const { fake, users } = world;
    fake.stale();
    const written = fake.users.update('acme', ANN, { firstName: 'Anna' });
    await withSeenVersions([written], async () => {
      const [byOwn, byOther] = await users.lookupMany([ANN, BEN]);
      const degraded = { reason: 'version_not_reached' };
      expect(byOwn).toMatchObject({ outcome: 'unavailable', degraded });
      expect(byOther).toMatchObject({ outcome: 'unavailable', degraded });
    });
    expect(await users.lookup(BEN)).toMatchObject({ outcome: 'found' });
  });

  it('is not answered from memory in an outage, where the survivor was seen newer', async () => {
    await using world = await merge();
    const { fake, users } = world;
    const { version } = await users.getUser(BEN);
    fake.down();
    for (let i = 0; i < 20; i++) await users.lookup(randomUUID());
    expect(users.stats().breaker).toBe('open');
    const seenIn = (seen: bigint) => withSeenVersions([acme(ANN, seen)], () => users.lookup(BEN));
    users.invalidate(ANN);
    expect(await seenIn(version)).toMatchObject({ outcome: 'found' });
    expect(await seenIn(version + 1n)).toMatchObject({ outcome: 'unavailable' });
  });

  it('is asked for where a version of it is wanted, as the merge may have been undone', async () => {
    await using world = await merge();
    const { fake, users, mergeId } = world;
    await using other = createUserClient({ transport: fake.transport, tenantId: 'acme', watch: false });
    await users.getUser(BEN);
    fake.users.unmerge('acme', mergeId);
    const { version: minVersion } = await other.getUser(BEN);
    expect(await users.lookup(BEN)).toMatchObject({ source: 'cache', user: { id: ANN } });
    expect(await users.lookup(BEN, { minVersion })).toMatchObject({ version: minVersion, user: { id: BEN } });
  });
});

describe('the header', () => {
  const version = fc.record({
    tenantId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
    id: fc.uuid(),
    version: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
  });

  it('carries its versions, newest first, as far as there is room', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 200 }), (seen) => {
        const header = encodeSeenVersions(seen) as string;
        expect(header.length).toBeLessThanOrEqual(MAX_SEEN_HEADER_LENGTH);
        const decoded = decodeSeenVersions(header).seen ?? [];
        expect(decoded).toEqual(seen.slice(0, decoded.length));
        const next = seen[decoded.length];
        if (next !== undefined) {
          const item = `,${next.tenantId}/${next.id}/${next.version}`;
          expect(header.length + item.length).toBeGreaterThan(MAX_SEEN_HEADER_LENGTH);
        }
      }),
    );
    expect(encodeSeenVersions([])).toBeUndefined();
  });

  it('survives a hop with its order', () => {
    const header = withSeenVersions([acme(ANN, 1n), acme(BEN, 2n)], () => seenHeader() as string);
    expect(header).toBe(`acme/${BEN}/2,acme/${ANN}/1`);
    const headers = new Headers({ [SEEN_HEADER]: header });
    withSeenHeader(headers, () => {
      expect(seenHeader()).toBe(header);
      recordSeenVersion(acme(ANN, 1n));
      expect(seenHeader()).toBe(`acme/${ANN}/1,acme/${BEN}/2`);
    });
  });

  it('is accepted where a proxy joined several', () => {
    const headers = new Headers([
      [SEEN_HEADER, `acme/${ANN}/1`],
      [SEEN_HEADER, `acme/${BEN}/2`],
    ]);
    withSeenHeader(headers, () =>
      expect([minSeenVersion('acme', ANN), minSeenVersion('acme', BEN)]).toEqual([1n, 2n]),
    );
  });

  it('is ignored as a whole where it is invalid, and that is published', () => {
    const faults: string[] = [];
    const listen = (message: unknown) => faults.push((message as { fault: string }).fault);
    subscribe('rollcall:user-client:seen-header-ignored', listen);
    const bad = [
      ',',
      'acme',
      `acme/${ANN}`,
      `acme/${ANN}/0`,
      `acme/${ANN}/-1`,
      `acme/${ANN}/1.5`,
      `acme/${ANN}/${2n ** 63n}`,
      `acme/${ANN}/1/1`,
      `ACME/${ANN}/1`,
      `acme/ann/1`,
      `acme/${BEN}/1,acme/${ANN}/x`,
      `acme/${BEN}/1,`.repeat(400),
      '__proto__/constructor/1',
    ];
    for (const header of bad) {
      withSeenHeader(new Headers({ [SEEN_HEADER]: header }), () => {
        expect(seenHeader(), header.slice(0, 60)).toBeUndefined();
      });
    }
    withSeenHeader(new Headers(), () => expect(seenHeader()).toBeUndefined());
    unsubscribe('rollcall:user-client:seen-header-ignored', listen);
    expect(faults).toHaveLength(bad.length);
    for (const fault of faults) expect(fault).toMatch(/^x-rollcall-seen (has|holds) /);
  });

  it('is read from Headers only', () => {
    const headers = { [SEEN_HEADER]: `acme/${ANN}/1` } as never;
    expect(() => withSeenHeader(headers, () => {})).toThrow(expect.objectContaining({ option: 'headers' }));
  });

  it('never makes reading it fail', () => {
    fc.assert(fc.property(fc.string(), (header) => void decodeSeenVersions(header)));
  });
});

describe('a user found by another key', () => {
  const email = 'ann@example.com';
  let fake: FakeUserService;
  let client: UserClient;

  beforeEach(() => {
    fake = createFakeUserService();
    client = createUserClient({ transport: fake.transport, tenantId: 'acme', watch: false });
    fake.users.put('acme', ANN, { displayName: 'Ann', email });
    fake.users.put('acme', BEN, { displayName: 'Ben', email: 'ben@example.com' });
  });
  afterEach(async () => {
    await client.close();
    await fake[Symbol.asyncDispose]();
  });

  it('is unavailable where it is older than the context has seen it, and others are found', async () => {
    fake.stale();
    const written = fake.users.update('acme', ANN, { displayName: 'Anna' });
    const keys = [{ email: 'ben@example.com' }, { email }, { email: 'nobody@example.com' }];
    const lookups = await withSeenVersions([written], () => client.resolveMany(keys));
    expect(lookups).toMatchObject([
      { outcome: 'found', version: 1n },
      { outcome: 'unavailable', key: { email }, degraded: { reason: 'version_not_reached' } },
      { outcome: 'missing' },
    ]);
    expect(await client.resolve({ email })).toMatchObject({ outcome: 'found', version: 1n });
  });

  it('is served as it was seen, where a read by its id finds that', async () => {
    const [owner, replica] = [new MapUserService(), new MapUserService()];
    for (const each of [owner, replica]) each.put('acme', ANN, { displayName: 'Ann', email });
    const written = owner.put('acme', ANN, { displayName: 'Anna', email });
    const transport = createRouterTransport(({ service }) => {
      service(UserService, { resolveUsers: replica.resolveUsers, batchGetUsers: owner.batchGetUsers });
    });
    await using between = createUserClient({ transport, tenantId: 'acme', watch: false });
    const resolved = await withSeenVersions([written], () => between.resolve({ email }));
    expect(resolved).toMatchObject({ outcome: 'found', version: 2n, user: { displayName: 'Anna' } });
    expect(owner.batches.map(({ minVersions }) => minVersions)).toEqual([{ [ANN]: 2n }]);
  });
});

describe('over two hops', () => {
  let opened: AsyncDisposableStack;
  let users: MapUserService;
  let batches: BatchGetUsersRequest[];

  beforeEach(() => {
    opened = new AsyncDisposableStack();
    users = new MapUserService();
    batches = users.batches;
    users.put('acme', ANN, { displayName: 'Ann' });
  });
  afterEach(() => opened.disposeAsync());

  /** The owner of users, with reads and one write. */
  async function startOwner() {
    const owner = opened.use(await startGrpcTestServer(UserService, users));
    const admin = opened.use(
      await startGrpcTestServer(UserAdminService, {
        updateUser: ({ user }) => ({ user: users.put('acme', user?.id ?? '', { displayName: 'Anna' }) }),
      }),
    );
    return { owner, admin };
  }

  /** A service in between: it reads users for its caller, through a cache of its own. */
  async function startBetween(address: string) {
    const client = opened.use(
      createUserClient({ address, tenantId: 'acme', interceptors: [carrySeenVersions] }),
    );
    const between = await startGrpcTestServer(UserService, {
      getUser: ({ tenantId, id }, { requestHeader, responseHeader }) =>
        withSeenHeader(requestHeader, async () => {
          const user = await client.getUser(id, { minVersion: minSeenVersion(tenantId, id) });
          const header = seenHeader();
          if (header !== undefined) responseHeader.set(SEEN_HEADER, header);
          return { user };
        }),
    });
    return opened.use(between);
  }

  function connect(address: string) {
    return opened.use(createGrpcTransport({ address, interceptors: [carrySeenVersions] }));
  }

  it('a caller that wrote reads its write behind another service’s cache', async () => {
    const { owner, admin } = await startOwner();
    const first = await startBetween(owner.address);
    const between = createClient(UserService, connect(first.address));
    const editor = createClient(UserAdminService, connect(admin.address));

    const name = async () => (await between.getUser({ tenantId: 'acme', id: ANN })).user?.displayName;
    expect(await name()).toBe('Ann');
    await withSeenVersions([], async () => {
      await editor.updateUser({ tenantId: 'acme', user: { id: ANN } });
      expect(minSeenVersion('acme', ANN)).toBe(2n);
      expect(await name()).toBe('Anna');
    });
    expect(batches.at(-1)?.minVersions).toEqual({ [ANN]: 2n });
  });

  it('the versions that a service has seen go back to its caller, and on to the owner', async () => {
    const headers: (string | null)[] = [];
    const { getUser, batchGetUsers } = users;
    const owner = opened.use(
      await startGrpcTestServer(UserService, {
        getUser,
        batchGetUsers: (request, { requestHeader, responseHeader }) => {
          headers.push(requestHeader.get(SEEN_HEADER));
          responseHeader.set(SEEN_HEADER, `acme/${BEN}/5`);
          return batchGetUsers(request);
        },
      }),
    );
    const first = await startBetween(owner.address);
    const between = createClient(UserService, connect(first.address));
    await withSeenVersions([acme(ANN, 1n)], async () => {
      await between.getUser({ tenantId: 'acme', id: ANN });
      expect(headers).toEqual([`acme/${ANN}/1`]);
      expect(minSeenVersion('acme', BEN)).toBe(5n);
    });
  });

  it('a write succeeds though its answer does not name the version', async () => {
    const admin = opened.use(
      await startGrpcTestServer(UserAdminService, { updateUser: () => ({ user: {} }) }),
    );
    const editor = createClient(UserAdminService, connect(admin.address));
    await withSeenVersions([], async () => {
      expect(await editor.updateUser({ tenantId: 'acme', user: { id: ANN } })).toMatchObject({ user: {} });
      expect(seenHeader()).toBeUndefined();
    });
  });

  it('nothing is carried outside a context', async () => {
    const headers: (string | null)[] = [];
    const listening = opened.use(
      await startGrpcTestServer(UserService, {
        getUser: (request, { requestHeader }) => {
          headers.push(requestHeader.get(SEEN_HEADER));
          return users.getUser(request);
        },
      }),
    );
    await createClient(UserService, connect(listening.address)).getUser({ tenantId: 'acme', id: ANN });
    expect(headers).toEqual([null]);
  });
});
