import { describe, expect, it } from 'vitest';
import type { User } from '../user.ts';
import type { UserReads } from './user-reads.ts';
import { withRequestCoalescing } from './with-request-coalescing.ts';

const TENANT = 'acme';

describe('coalesced reads', () => {
  it('combine all calls of one turn of the event loop, and give each call its own answer', async () => {
    const { reads, asked } = recording();
    const found = await Promise.all(['a', 'b', 'none', 'a'].map((id) => reads.find(TENANT, id, 'REFERENCE')));
    expect(found.map((user) => user?.id)).toEqual(['a', 'b', undefined, 'a']);
    expect(asked).toEqual([['many', TENANT, 'REFERENCE', 'a', 'b', 'none', 'a']]);
  });

  it('stay a single read for a single call', async () => {
    const { reads, asked } = recording();
    expect((await reads.find(TENANT, 'a', 'BASIC'))?.id).toBe('a');
    expect(asked).toEqual([['one', TENANT, 'BASIC', 'a']]);
  });

  it('never mix tenants or views', async () => {
    const { reads, asked } = recording();
    await Promise.all([
      reads.find('one', 'a', 'REFERENCE'),
      reads.find('two', 'a', 'REFERENCE'),
      reads.find('one', 'a', 'FULL'),
    ]);
    expect(asked.map((each) => each.slice(1).join(' '))).toEqual([
      'one REFERENCE a',
      'two REFERENCE a',
      'one FULL a',
    ]);
  });

  it('begin after all calls that they serve, so that no call gets an answer from before it', async () => {
    const { reads, asked, hold } = recording();
    const release = hold();
    const first = reads.find(TENANT, 'a', 'REFERENCE');
    await expect.poll(() => asked.length).toBe(1);
    const second = reads.find(TENANT, 'a', 'REFERENCE');
    await expect.poll(() => asked.length).toBe(2);
    release();
    await Promise.all([first, second]);
  });

  it('start another read at the limit of ids', async () => {
    const { reads, asked } = recording();
    await Promise.all(Array.from({ length: 1001 }, (_, i) => reads.find(TENANT, `u${i}`, 'REFERENCE')));
    expect(asked.map((each) => each.length - 3)).toEqual([200, 200, 200, 200, 200, 1]);
  });

  it('combine small batches, and leave large ones alone', async () => {
    const { reads, asked } = recording();
    const large = Array.from({ length: 300 }, (_, i) => `u${i}`);
    const found = await Promise.all([
      reads.findMany(TENANT, ['a', 'none'], 'REFERENCE'),
      reads.find(TENANT, 'b', 'REFERENCE'),
      reads.findMany(TENANT, ['c', 'a'], 'REFERENCE'),
      reads.findMany(TENANT, large, 'REFERENCE'),
    ]);
    expect(found.flat().map((user) => user?.id)).toEqual(['a', undefined, 'b', 'c', 'a', ...large]);
    expect(asked.map((each) => each.slice(3, 8))).toEqual([['a', 'none', 'b', 'c', 'a'], large.slice(0, 5)]);
  });

  it('ask for the highest minimum version of their calls', async () => {
    const { reads, lowest } = recording();
    await Promise.all([
      reads.findMany(TENANT, ['a', 'b'], 'REFERENCE', new Map([['a', 3n]])),
      reads.find(TENANT, 'a', 'REFERENCE', 2n),
      reads.find(TENANT, 'b', 'REFERENCE', 5n),
    ]);
    expect(lowest()).toEqual(
      new Map([
        ['a', 3n],
        ['b', 5n],
      ]),
    );
  });

  it('fail all calls that they serve, and none that come later', async () => {
    const { reads, failNext } = recording();
    failNext();
    const outcomes = await Promise.allSettled([
      reads.find(TENANT, 'a', 'FULL'),
      reads.find(TENANT, 'b', 'FULL'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await reads.find(TENANT, 'a', 'FULL'))?.id).toBe('a');
  });
});

function recording() {
  const asked: string[][] = [];
  let held: Promise<void> | undefined;
  let fails = false;
  let lowest: ReadonlyMap<string, bigint> | undefined;
  const answer = async (kind: string, ...about: string[]) => {
    asked.push([kind, ...about]);
    const isFailing = fails;
    fails = false;
    await held;
    if (isFailing) throw new Error('the database is away');
  };
  const find = (id: string) => (id === 'none' ? undefined : ({ id } as User));
  const next = {
    find: (tenantId, id, view) => answer('one', tenantId, view, id).then(() => find(id)),
    findMany: (tenantId, ids, view, minVersions) => {
      lowest = minVersions;
      return answer('many', tenantId, view, ...ids).then(() => ids.map(find));
    },
  } as UserReads;
  return {
    reads: withRequestCoalescing(next),
    asked,
    lowest: () => lowest,
    failNext: () => {
      fails = true;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}
