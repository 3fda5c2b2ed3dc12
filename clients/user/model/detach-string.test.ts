import { Buffer } from 'node:buffer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create, toBinary } from '@bufbuild/protobuf';
import { BatchGetUsersResponseSchema, UserSchema, UserView } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { createUserClient } from '../index.ts';
import { decodeUsers } from '../remote/decode-users.ts';
import { writeSnapshot } from '../snapshot/snapshot-file.ts';
import { type Snapshots, startSnapshots } from '../snapshot/snapshots.ts';
import { LruStore } from '../store/lru-store.ts';
import { UserCache } from '../store/user-cache.ts';
import { createFakeUserService } from '../testing/index.ts';

// V8 keeps the string that a text was cut from: an id cut from a line of a large file would keep the file.
const TEXT_BYTES = 1_000_000;
const TEXTS = 40;
const FEW = (TEXTS * TEXT_BYTES) / 4;
const SIZES = { maxEntries: TEXTS, maxBytes: 1e9, maxSeenVersions: TEXTS, maxMissingEntries: TEXTS };
const scope = { tenantId: 'acme', view: UserView.REFERENCE };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('of a caller’s strings the client keeps no more than', () => {
  it('the id, where the user is found', () => {
    expect(keptBytes(cutId)).toBeGreaterThan((TEXTS * TEXT_BYTES) / 2);
    expect(keptBytes((i) => decodeUser(cutId(i)))).toBeLessThan(FEW);
    const memory = new LruStore(SIZES);
    const survivor = userOf(idAt(TEXTS));
    const remember = (i: number) => memory.put(scope, cutId(i), { user: survivor, readAtMs: 1 });
    expect(keptBytes(remember)).toBeLessThan(FEW);
    expect(memory.size.entries).toBe(TEXTS);
  });

  it('the id, where it is missing', () => {
    const cache = new UserCache(SIZES);
    expect(keptBytes((i) => cache.putMissing(scope, cutId(i), 1))).toBeLessThan(FEW);
    expect(cache.size.missingEntries).toBe(TEXTS);
  });

  it('the tenant’s id', async () => {
    await using fake = createFakeUserService();
    await using users = createUserClient({ transport: fake.transport, watch: false });
    expect(keptBytes((i) => users.forTenant(cutId(i)))).toBeLessThan(FEW);
  });
});

it('keeps no more of a snapshot than the users in memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-kept-'));
  const options = { path: join(folder, 'users'), view: UserView.REFERENCE, maxBytes: 1e9, maxStaleMs: 1e9 };
  try {
    const large = { displayName: 'x'.repeat(TEXT_BYTES) };
    const users = Array.from({ length: TEXTS }, (_, i) => userOf(idAt(i), i === 0 ? {} : large));
    // The least recently used one, which was asked for by another id.
    const entries = users.map((user, i) => ({
      user,
      id: i === 0 ? idAt(TEXTS) : user.id,
      view: scope.view,
      ageMs: 0,
    }));
    await writeSnapshot(options.path, { writtenAtMs: Date.now(), entries }, options);
    const cache = new UserCache({ ...SIZES, maxEntries: 1 });
    const started: Snapshots[] = [];
    const start = () =>
      started.push(startSnapshots({ ...options, intervalMs: 60_000 }, cache, { clock: () => 0 }));
    expect(keptBytes((i) => (i === 0 ? start() : undefined))).toBeLessThan(FEW);
    expect([...cache.all()].map(([id]) => id)).toEqual([idAt(TEXTS)]);
    await started[0]?.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

function idAt(i: number): string {
  return `0198c0de-0000-7000-8000-${String(i).padStart(12, '0')}`;
}

function userOf(id: string, fields: { displayName?: string } = {}) {
  return create(UserSchema, { id, tenantId: 'acme', version: 1n, ...fields });
}

/** The id as a part of a large text. */
function cutId(i: number): string {
  return Buffer.from('x'.repeat(TEXT_BYTES) + idAt(i))
    .toString('latin1')
    .slice(-36);
}

function decodeUser(id: string) {
  const answer = create(BatchGetUsersResponseSchema, {
    outcomes: [{ id, outcome: { case: 'user', value: userOf(id) } }],
  });
  const { outcomes } = decodeUsers(toBinary(BatchGetUsersResponseSchema, answer), {
    tenantId: 'acme',
    ids: [id],
  });
  return outcomes[0]?.outcome.value;
}

/** How much memory has grown after garbage collection. */
function keptBytes(make: (i: number) => unknown): number {
  const before = usedBytes();
  const made = Array.from({ length: TEXTS }, (_, i) => make(i));
  const grown = usedBytes() - before;
  expect(made).toHaveLength(TEXTS);
  return grown;
}

function usedBytes(): number {
  // Memory outside the heap is freed when the next collection begins.
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
