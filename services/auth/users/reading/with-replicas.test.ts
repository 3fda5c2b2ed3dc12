import { beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../user.ts';
import type { UserReads } from './user-reads.ts';
import { type ReplicaReads, withReplicas } from './with-replicas.ts';

const TENANT = 'acme';
const MAX_LAG_MS = 500;
const UNAVAILABLE = new Error('unavailable');

let nowMs: number;
let asked: string[];

function reading(name: string, versions: Record<string, bigint>): UserReads & { isUnavailable: boolean } {
  const find = (id: string) =>
    versions[id] === undefined ? undefined : ({ id, version: versions[id] } as User);
  const reads = {
    isUnavailable: false,
    async find(_: string, id: string) {
      asked.push(`${name} ${id}`);
      if (reads.isUnavailable) throw UNAVAILABLE;
      return find(id);
    },
    async findMany(_: string, ids: readonly string[]) {
      asked.push(`${name} ${ids.join()}`);
      if (reads.isUnavailable) throw UNAVAILABLE;
      return ids.map(find);
    },
  };
  return reads as unknown as UserReads & { isUnavailable: boolean };
}

function open(feedAttachedSinceMs = 0) {
  const primary = reading('primary', { a: 2n, b: 5n, new: 1n });
  const source = reading('replica', { a: 2n, b: 4n });
  const replica: ReplicaReads & { completeUntilMs: number } = {
    reads: source,
    completeUntilMs: nowMs,
    fail: () => {
      replica.completeUntilMs = Number.NEGATIVE_INFINITY;
    },
  };
  const reads = withReplicas(primary, {
    replicas: [replica],
    maxLagMs: MAX_LAG_MS,
    feedAttachedSinceMs: () => feedAttachedSinceMs,
    isUnavailable: (error) => error === UNAVAILABLE,
    clock: () => nowMs,
  });
  return { reads, replica, source };
}

describe('reads with a replica', () => {
  beforeEach(() => {
    nowMs = 10_000;
    asked = [];
  });

  it('go to it while it is close behind', async () => {
    const { reads, replica } = open();
    await reads.find(TENANT, 'a', 'REFERENCE');
    replica.completeUntilMs = nowMs - MAX_LAG_MS - 1;
    await reads.find(TENANT, 'a', 'REFERENCE');
    expect(asked).toEqual(['replica a', 'primary a']);
  });

  it('never return less than the requested version', async () => {
    const { reads } = open();
    expect((await reads.find(TENANT, 'b', 'REFERENCE', 5n))?.version).toBe(5n);
    const many = await reads.findMany(TENANT, ['a', 'b', 'a'], 'REFERENCE', new Map([['b', 5n]]));
    expect(many.map((user) => `${user?.id} ${user?.version}`)).toEqual(['a 2', 'b 5', 'a 2']);
    expect(asked).toEqual(['replica b', 'primary b', 'replica a,b,a', 'primary b']);
  });

  it('ask the primary for users that are missing on it', async () => {
    const { reads } = open();
    expect((await reads.find(TENANT, 'new', 'REFERENCE'))?.version).toBe(1n);
    const many = await reads.findMany(TENANT, ['missing', 'new', 'a'], 'REFERENCE');
    expect(many.map((user) => user?.id)).toEqual([undefined, 'new', 'a']);
  });

  it('ask the primary for users that changed a moment ago, so that no older answer is cached', async () => {
    const { reads, replica } = open();
    reads.markChanged([{ tenantId: TENANT, id: 'b' }]);
    const find = () => {
      replica.completeUntilMs = nowMs;
      return reads.find(TENANT, 'b', 'REFERENCE').then((user) => user?.version);
    };
    expect(await find()).toBe(5n);
    nowMs += 2 * MAX_LAG_MS + 1;
    reads.markChanged([]);
    expect(await find()).toBe(5n);
    nowMs += 2 * MAX_LAG_MS + 1;
    reads.markChanged([]);
    expect(await find()).toBe(4n);
  });

  it('wait until the replica is newer than the attachment to the feed', async () => {
    const { reads, replica } = open(10_200);
    nowMs = 10_300;
    await reads.find(TENANT, 'a', 'REFERENCE');
    replica.completeUntilMs = 10_201;
    await reads.find(TENANT, 'a', 'REFERENCE');
    expect(asked).toEqual(['primary a', 'replica a']);
  });

  it('skip a replica that fails, and still get answers', async () => {
    const { reads, source } = open();
    source.isUnavailable = true;
    expect((await reads.find(TENANT, 'a', 'REFERENCE'))?.id).toBe('a');
    await reads.findMany(TENANT, ['a'], 'REFERENCE');
    expect(asked).toEqual(['replica a', 'primary a', 'primary a']);
  });
});
