import { randomUUID } from 'node:crypto';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import {
  describeMerges,
  describeRecords,
  describeUserService,
  freshTenant,
  type ServiceSubject,
} from '@rollcall/contract/testing';
import {
  UserAdminService,
  UserChangeKind,
  UserService,
  UserState,
  UserView,
  type WatchUsersResponse,
} from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserAdminClient } from '../admin.ts';
import { createUserClient, type UserClient, type UserClientOptions } from '../index.ts';
import { createFakeUserService, type FakeUserService } from './index.ts';

const shared = createFakeUserService();
afterAll(() => shared[Symbol.asyncDispose]());
describeUserService('the fake user service', () => callersOf(shared));
describeRecords('the fake user service', () => callersOf(shared));
describeMerges('the fake user service', () => callersOf(shared));

function callersOf({ transport }: FakeUserService): ServiceSubject {
  return { users: createClient(UserService, transport), admin: createClient(UserAdminService, transport) };
}

const tenantId = 'acme';
let opened: AsyncDisposableStack;
let fake: FakeUserService;
let id: string;

beforeEach(() => {
  opened = new AsyncDisposableStack();
  fake = opened.use(createFakeUserService());
  id = randomUUID();
});
afterEach(() => opened.disposeAsync());

/** A client without a cache, so that each read reaches the fake. */
function open(options: Partial<UserClientOptions> = {}): UserClient {
  const breaker = { volumeThreshold: 1_000_000 };
  return opened.use(
    createUserClient({ transport: fake.transport, tenantId, ttlMs: 0, missingTtlMs: 0, breaker, ...options }),
  );
}

describe('users of the fake', () => {
  it('are put, updated and deleted, with a version for each write', async () => {
    const users = open({ view: UserView.BASIC });
    expect(fake.users.put(tenantId, id, { firstName: 'Ada', email: 'ada@example.com' })).toMatchObject({
      version: 1n,
      displayName: 'Ada',
    });
    expect(await users.getUser(id)).toMatchObject({
      version: 1n,
      displayName: 'Ada',
      state: UserState.ACTIVE,
    });
    fake.users.update(tenantId, id, { lastName: 'Lovelace' });
    expect(await users.getUser(id)).toMatchObject({
      version: 2n,
      displayName: 'Ada Lovelace',
      email: 'ada@example.com',
    });
    fake.users.delete(tenantId, id);
    expect(await users.lookup(id)).toMatchObject({ outcome: 'deleted', version: 3n });
    expect(await users.resolve({ email: 'ada@example.com' })).toMatchObject({ outcome: 'missing' });
  });

  it('accept a given version, and continue from it', () => {
    expect(fake.users.put(tenantId, id, { version: 7n }).version).toBe(7n);
    expect(fake.users.update(tenantId, id, { firstName: 'A' }).version).toBe(8n);
  });

  it('are merged and unmerged', async () => {
    const survivor = randomUUID();
    fake.users.put(tenantId, id, { firstName: 'Ada', lastName: 'King' });
    fake.users.put(tenantId, survivor, { firstName: 'Augusta' });
    const mergeId = fake.users.merge(tenantId, id, survivor);
    const both = { id: survivor, displayName: 'Augusta King', version: 2n };
    expect(await open().lookup(id)).toMatchObject({ id, user: both });
    fake.users.update(tenantId, id, { displayName: 'Both' });
    fake.users.unmerge(tenantId, mergeId);
    expect(await open().getUser(id)).toMatchObject({ id, displayName: 'Ada King' });
    expect(await open().getUser(survivor)).toMatchObject({ displayName: 'Both', lastName: '' });
  });

  it('are put by the id of a merged user as by that of its survivor', async () => {
    const survivor = randomUUID();
    for (const each of [id, survivor]) fake.users.put(tenantId, each);
    fake.users.merge(tenantId, id, survivor);
    expect(fake.users.put(tenantId, id, { firstName: 'Ada' })).toMatchObject({ id: survivor, version: 3n });
    expect((await open().getUser(id)).id).toBe(survivor);
  });

  it('are copies: a change to one does not change the fake', async () => {
    fake.users.put(tenantId, id, { displayName: 'Ada' }).displayName = 'Eve';
    expect((await open().getUser(id)).displayName).toBe('Ada');
  });

  it.each([
    ['an update of nobody', () => fake.users.update(tenantId, id, {}), 'USER_NOT_FOUND'],
    ['a deletion of nobody', () => fake.users.delete(tenantId, id), 'USER_NOT_FOUND'],
    ['a merge of nobody', () => fake.users.merge(tenantId, id, id), 'USER_NOT_FOUND'],
    [
      'a merge of one with itself',
      () => {
        fake.users.put(tenantId, id);
        fake.users.merge(tenantId, id, id);
      },
      'MERGE_REFUSED',
    ],
    ['taking back what was never merged', () => fake.users.unmerge(tenantId, id), 'MERGE_REFUSED'],
    [
      'taking back a merge whose address somebody else has by now',
      () => {
        const survivor = randomUUID();
        fake.users.put(tenantId, survivor);
        fake.users.put(tenantId, id, { email: 'ada@example.com' });
        const mergeId = fake.users.merge(tenantId, id, survivor);
        fake.users.update(tenantId, survivor, { email: 'king@example.com' });
        fake.users.put(tenantId, randomUUID(), { email: 'ada@example.com' });
        fake.users.unmerge(tenantId, mergeId);
      },
      'EMAIL_TAKEN',
    ],
    [
      'an address that another has',
      () => {
        fake.users.put(tenantId, randomUUID(), { email: 'ada@example.com' });
        fake.users.put(tenantId, id, { email: 'ADA@example.com' });
      },
      'EMAIL_TAKEN',
    ],
  ])('refuse %s', (_, act, reason) => {
    expect(act).toThrow(
      expect.toSatisfy((error: unknown) => errorReason(ConnectError.from(error))?.reason === reason),
    );
  });

  it.each([
    ['an id that is no UUID', () => fake.users.put(tenantId, 'x'), 'id'],
    ['a tenant that none is called', () => fake.users.put('ACME X', id), 'tenantId'],
  ])('cannot be put under %s', (_, act, option) => {
    expect(act).toThrow(expect.objectContaining({ reason: 'option_invalid', option }));
  });

  it('record the requests', async () => {
    await open().lookupMany([id, id.toUpperCase()]);
    expect(fake.requests(UserService.method.batchGetUsers).map(({ ids }) => [...ids])).toEqual([[id]]);
    expect(fake.requests(UserService.method.getUser)).toEqual([]);
  });
});

describe('a fake with faults', () => {
  const outcome = async (users: UserClient) => {
    const lookup = await users.lookup(id);
    return lookup.outcome === 'unavailable' ? lookup.degraded.reason : lookup.outcome;
  };

  it('delays responses', async () => {
    fake.slow(60_000);
    expect(await outcome(open({ timeoutMs: 30 }))).toBe('deadline_exceeded');
    fake.slow(1);
    expect(await outcome(open())).toBe('missing');
  });

  it('sends no response', async () => {
    fake.silent();
    expect(await outcome(open({ timeoutMs: 30 }))).toBe('deadline_exceeded');
  });

  it('fails with a given code', async () => {
    fake.fail();
    expect(await outcome(open())).toBe('service_fault');
    fake.fail(Code.PermissionDenied);
    await expect(open().lookup(id)).rejects.toMatchObject({ reason: 'service_refused' });
  });

  it('goes down, and comes up with its users', async () => {
    const users = open();
    fake.users.put(tenantId, id, { displayName: 'Ada' });
    fake.down();
    expect(await outcome(users)).toBe('service_unavailable');
    await fake.up();
    expect((await users.getUser(id)).displayName).toBe('Ada');
  });

  it('alternates between up and down', async () => {
    const users = open();
    fake.flapping({ up: 2, down: 1 });
    const outcomes = [];
    for (let i = 0; i < 6; i++) outcomes.push(await outcome(users));
    const turn = ['missing', 'missing', 'service_unavailable'];
    expect(outcomes).toEqual([...turn, ...turn]);
  });

  it('freezes reads: writes go on, and a minimum version is not reached', async () => {
    const users = open();
    fake.users.put(tenantId, id, { displayName: 'Ada' });
    fake.stale();
    const { version } = fake.users.update(tenantId, id, { displayName: 'Augusta' });
    expect((await users.getUser(id)).displayName).toBe('Ada');
    const reader = createClient(UserService, fake.transport);
    const ahead = await reader.getUser({ tenantId, id, minVersion: version }).catch(ConnectError.from);
    expect(errorReason(ahead)).toMatchObject({
      reason: 'VERSION_NOT_REACHED',
      metadata: { id, version: '1', min_version: '2' },
    });
    await fake.up();
    expect((await users.getUser(id)).displayName).toBe('Augusta');
  });

  it('ends open calls and streams on dispose', async () => {
    fake.silent();
    const open = createClient(UserService, fake.transport).getUser({ tenantId, id });
    await expect.poll(() => fake.requests(UserService.method.getUser).length).toBe(1);
    await fake[Symbol.asyncDispose]();
    await expect(open).rejects.toThrow(ConnectError);
  });
});

describe('a fake that listens', () => {
  it('serves writes on its port and without a port', async () => {
    const { address } = await fake.listen();
    for (const connection of [{ address }, { transport: fake.transport }]) {
      const admin = opened.use(createUserAdminClient(connection));
      const { user } = await admin.createUser({
        tenantId,
        requestId: randomUUID(),
        user: { firstName: 'Ada' },
      });
      expect((await open().getUser(user?.id ?? '')).displayName).toBe('Ada');
    }
  });

  it('dies and returns on its port', async () => {
    fake.users.put(tenantId, id, { displayName: 'Ada' });
    const { address } = await fake.listen();
    expect(await fake.listen()).toEqual({ address });
    const users = opened.use(
      createUserClient({ address, tenantId, ttlMs: 0, maxStaleMs: 0, maxReconnectBackoffMs: 50 }),
    );
    expect((await users.getUser(id)).displayName).toBe('Ada');
    fake.down();
    expect(await users.lookup(id)).toMatchObject({ outcome: 'unavailable' });
    await fake.up();
    await expect.poll(async () => (await users.lookup(id)).outcome, { timeout: 10_000 }).toBe('found');
  });
});

describe('watching the fake', () => {
  /** Reads a stream until the test has enough responses. */
  async function watch(cursor: string, enough: (responses: readonly WatchUsersResponse[]) => boolean) {
    const controller = new AbortController();
    const responses: WatchUsersResponse[] = [];
    const users = createClient(UserService, fake.transport);
    for await (const response of users.watchUsers({ tenantIds: [tenantId], cursor }, controller)) {
      responses.push(response);
      if (enough(responses)) break;
    }
    controller.abort();
    const changes = responses.flatMap((each) => each.changes.map(({ version, kind }) => [version, kind]));
    const ids = responses.flatMap((each) => each.changes.map((change) => change.id));
    return { changes, ids, cursor: responses.at(-1)?.checkpoint?.cursor ?? '' };
  }

  it('starts with a checkpoint, and resumes from each without a gap', async () => {
    fake.users.put(tenantId, id);
    const start = await watch('', (responses) => responses.length > 0);
    expect(start.changes).toEqual([]);
    fake.users.update(tenantId, id, { firstName: 'Ada' });
    fake.users.put('other', id);
    const next = await watch(start.cursor, ([first]) => first !== undefined);
    expect(next.changes).toEqual([[2n, UserChangeKind.UPDATED]]);
    fake.users.delete(tenantId, id);
    fake.users.update(tenantId, id, { state: UserState.ACTIVE });
    expect((await watch(next.cursor, () => true)).changes).toEqual([
      [3n, UserChangeKind.DELETED],
      [4n, UserChangeKind.UNDELETED],
    ]);
  });

  it('sends a merge and its undoing for both users, the survivor first', async () => {
    const survivor = randomUUID();
    for (const each of [survivor, id]) fake.users.put(tenantId, each);
    const { cursor } = await watch('', () => true);
    fake.users.unmerge(tenantId, fake.users.merge(tenantId, id, survivor));
    const { MERGED, UNMERGED } = UserChangeKind;
    const responses = await watch(cursor, () => true);
    expect(responses.changes).toEqual(
      [MERGED, MERGED, UNMERGED, UNMERGED].map((kind, i) => [i < 2 ? 2n : 3n, kind]),
    );
    expect(responses.ids).toEqual([survivor, id, survivor, id]);
  });

  it('sends changes as they happen, and checkpoints in between', async () => {
    const seen = watch('', (responses) => {
      if (responses.length === 1) fake.users.put(tenantId, id);
      return responses.length === 3;
    });
    expect((await seen).changes).toEqual([[1n, UserChangeKind.CREATED]]);
  });

  it('refuses an expired cursor and an invalid one', async () => {
    const { cursor } = await watch('', () => true);
    fake.expireCursors();
    for (const each of [cursor, 'nonsense']) {
      const error = await watch(each, () => true).catch(ConnectError.from);
      expect(errorReason(error as ConnectError)?.reason).toBe('CURSOR_EXPIRED');
      expect((error as ConnectError).code).toBe(Code.OutOfRange);
    }
    const again = await watch('', () => true);
    await expect(watch(again.cursor, () => true)).resolves.toBeDefined();
  });

  it('breaks when streams are cut or the fake goes down', async () => {
    for (const breakIt of [() => fake.cutStreams(), () => fake.down()]) {
      const broken = watch('', () => void breakIt() === undefined && false);
      await expect(broken).rejects.toMatchObject({ code: Code.Unavailable });
    }
  });

  it('sends nothing while the fake is silent', async () => {
    let messages = 0;
    const controller = new AbortController();
    opened.defer(() => controller.abort());
    const users = createClient(UserService, fake.transport);
    const reading = (async () => {
      for await (const _ of users.watchUsers({ tenantIds: [tenantId] }, controller)) messages += 1;
    })();
    await expect.poll(() => messages).toBe(1);
    fake.silent();
    fake.users.put(tenantId, id);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(messages).toBe(1);
    await fake.up();
    await expect.poll(() => messages).toBeGreaterThan(1);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: Code.Canceled });
  });
});

it('shares no users with other fakes', async () => {
  await using other = createFakeUserService();
  const tenant = freshTenant();
  fake.users.put(tenant, id);
  await using users = createUserClient({ transport: other.transport, tenantId: tenant });
  expect(await users.lookup(id)).toMatchObject({ outcome: 'missing' });
});
