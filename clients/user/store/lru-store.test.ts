import { create } from '@bufbuild/protobuf';
import { UserSchema, UserView } from '@rollcall/contract/user';
import { beforeEach, expect, it } from 'vitest';
import { estimateBytes } from '../model/compact-user.ts';
import type { UserScope } from '../model/user-reader.ts';
import { LruStore, type LruStoreOptions } from './lru-store.ts';

const acme: UserScope = { tenantId: 'acme', view: UserView.REFERENCE };
const acmeBasic: UserScope = { tenantId: 'acme', view: UserView.BASIC };
const other: UserScope = { tenantId: 'other', view: UserView.REFERENCE };
const BYTES = estimateBytes(create(UserSchema));

let memory: LruStore;

beforeEach(() => setUp());

function setUp(options: Partial<LruStoreOptions> = {}): void {
  memory = new LruStore({ maxEntries: 100, maxBytes: 1e6, maxSeenVersions: 100, ...options });
}

function put(id: string, version: bigint, { scope = acme, userId = id, firstName = '' } = {}): void {
  const user = create(UserSchema, { id: userId, tenantId: scope.tenantId, version, firstName });
  memory.put(scope, id, { user, readAtMs: 1 });
}

const version = (id: string, scope = acme) => memory.get(scope, id)?.user.version;
const floor = (id: string, tenantId = 'acme') => memory.getKnownVersion(tenantId, id)?.version;

it('keeps tenants and views of one id apart, and of other views only those of the same version', () => {
  put('a', 1n);
  put('a', 1n, { scope: acmeBasic });
  put('a', 9n, { scope: other });
  expect([version('a'), version('a', acmeBasic), version('a', other)]).toEqual([1n, 1n, 9n]);
  expect(memory.size).toEqual({ entries: 1, bytes: 3 * BYTES, seenVersions: 0 });
  put('a', 2n);
  expect([version('a'), version('a', acmeBasic), version('a', other)]).toEqual([2n, undefined, 9n]);
  expect(memory.size.bytes).toBe(2 * BYTES);
});

it('evicts what was used longest ago, and remembers its version until the user is back', () => {
  setUp({ maxEntries: 2 });
  put('a', 1n);
  put('b', 2n);
  expect(version('a')).toBe(1n);
  put('c', 3n);
  expect([version('a'), version('b'), version('c')]).toEqual([1n, undefined, 3n]);
  expect(floor('b')).toBe(2n);
  expect(memory.size).toEqual({ entries: 2, bytes: 2 * BYTES, seenVersions: 1 });
  put('b', 2n);
  expect(floor('b')).toBeUndefined();
  expect(memory.size).toEqual({ entries: 2, bytes: 2 * BYTES, seenVersions: 1 });
});

it('remembers the version of the user itself where one is evicted that was found under another id', () => {
  setUp({ maxEntries: 1 });
  put('merged', 7n, { userId: 'survivor' });
  put('b', 1n);
  expect([floor('merged'), floor('survivor')]).toEqual([undefined, 7n]);
  expect(memory.size).toMatchObject({ entries: 1, seenVersions: 1 });
});

it('remembers the version of a user that its survivor replaced, and of the survivor after an unmerge', () => {
  put('merged', 3n);
  put('merged', 3n, { scope: acmeBasic });
  put('merged', 9n, { userId: 'survivor' });
  expect([version('merged'), version('merged', acmeBasic), floor('merged')]).toEqual([9n, undefined, 3n]);
  put('merged', 4n);
  expect([version('merged'), floor('merged'), floor('survivor')]).toEqual([4n, undefined, 9n]);
  expect(memory.size).toEqual({ entries: 1, bytes: BYTES, seenVersions: 1 });
});

it('keeps no more bytes than allowed, and no user that is larger alone', () => {
  setUp({ maxBytes: 2 * BYTES + 10 });
  for (const id of ['a', 'b', 'c']) put(id, 1n);
  expect([version('a'), version('b'), version('c')]).toEqual([undefined, 1n, 1n]);
  put('large', 5n, { firstName: 'x'.repeat(2 * BYTES) });
  expect([version('large'), floor('large')]).toEqual([undefined, 5n]);
  expect([version('b'), version('c')]).toEqual([1n, 1n]);
  expect(memory.size).toEqual({ entries: 2, bytes: 2 * BYTES, seenVersions: 2 });
});

it('remembers the highest version of each tenant, and forgets the id that was seen longest ago', () => {
  setUp({ maxSeenVersions: 2 });
  memory.raiseKnownVersion('acme', 'a', { version: 3n, seenAtMs: 1 });
  memory.raiseKnownVersion('acme', 'a', { version: 2n, seenAtMs: 2 });
  memory.raiseKnownVersion('other', 'a', { version: 8n, seenAtMs: 3 });
  expect([floor('a'), floor('a', 'other'), floor('a', 'third')]).toEqual([3n, 8n, undefined]);
  memory.raiseKnownVersion('acme', 'b', { version: 1n, seenAtMs: 4 });
  memory.raiseKnownVersion('acme', 'a', { version: 3n, seenAtMs: 5 });
  memory.raiseKnownVersion('acme', 'c', { version: 1n, seenAtMs: 6 });
  expect([floor('a'), floor('b'), floor('c')]).toEqual([3n, undefined, 1n]);
});

it('forgets the users of an id in one tenant, and lists those that are evicted last first', () => {
  put('a', 1n);
  put('a', 2n, { scope: other });
  put('b', 3n);
  memory.forget('acme', 'a');
  expect([version('a'), version('a', other)]).toEqual([undefined, 2n]);
  memory.forget('acme', 'a');
  memory.forget('acme', 'unknown');
  put('c', 4n);
  expect([...memory.all()].map(([id, { user }]) => `${id} ${user.version}`)).toEqual(['c 4', 'a 2', 'b 3']);
  memory.forget('other', 'a');
  memory.clear();
  expect([...memory.all()]).toEqual([]);
  expect(memory.size).toEqual({ entries: 0, bytes: 0, seenVersions: 0 });
});
