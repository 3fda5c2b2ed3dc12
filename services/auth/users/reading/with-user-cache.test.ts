import { describe, expect, it } from 'vitest';
import type { User } from '../user.ts';
import type { UserReads } from './user-reads.ts';
import { withUserCache } from './with-user-cache.ts';

const ANN = '01900000-0000-7000-8000-000000000001';
const BEN = '01900000-0000-7000-8000-000000000002';

/** Users in a map, read when `release` allows it, with a count of the reads. */
class Table implements UserReads {
  readonly users = new Map<string, User>();
  readonly asked: string[][] = [];
  held: Promise<void> | undefined;

  write(id: string, version: bigint, tenantId = 'acme'): void {
    const time = new Date(0);
    const texts = { firstName: '', lastName: '', displayName: '', profileImage: '', businessName: '' };
    const ratings = { averageRating: 0, totalReviews: 0 };
    const times = { createTime: time, updateTime: time, deleteTime: null };
    this.users.set(`${tenantId}/${id}`, {
      tenantId,
      id,
      version,
      state: 'ACTIVE',
      role: 'CUSTOMER',
      ...texts,
      ...ratings,
      ...times,
    });
  }

  async find(tenantId: string, id: string): Promise<User | undefined> {
    return (await this.findMany(tenantId, [id]))[0];
  }

  async findMany(tenantId: string, ids: readonly string[]): Promise<(User | undefined)[]> {
    this.asked.push([...ids]);
    const found = ids.map((id) => this.users.get(`${tenantId}/${id}`));
    await this.held;
    return found;
  }

  findByEmailKeys = async () => new Map<string, User>();
  findByExternalIds = async () => new Map<string, User>();
  list = async () => ({ listed: [] });
}

function setUp({ maxEntries = 10 } = {}) {
  const table = new Table();
  const feed = { isCurrent: true };
  return { table, feed, reads: withUserCache(table, { maxEntries, isFeedCurrent: () => feed.isCurrent }) };
}

describe('withUserCache', () => {
  it('reads a user once, in single and batched reads', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 1n);
    table.write(BEN, 1n);
    const first = await reads.find('acme', ANN, 'BASIC');
    const [ann, ben] = await reads.findMany('acme', [ANN, BEN], 'BASIC');
    expect(ann).toBe(first);
    expect(ben?.id).toBe(BEN);
    expect(table.asked).toEqual([[ANN], [BEN]]);
  });

  it('keeps tenants and views apart', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 1n);
    await reads.find('acme', ANN, 'BASIC');
    expect(await reads.find('other', ANN, 'BASIC')).toBeUndefined();
    await reads.find('acme', ANN, 'FULL');
    expect(table.asked).toHaveLength(3);
  });

  it('reads a missing user each time', async () => {
    const { table, reads } = setUp();
    await reads.find('acme', ANN, 'BASIC');
    table.write(ANN, 1n);
    expect(await reads.find('acme', ANN, 'BASIC')).toMatchObject({ version: 1n });
  });

  it('misses when a higher version is requested', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 1n);
    await reads.find('acme', ANN, 'BASIC');
    table.write(ANN, 2n);
    expect(await reads.find('acme', ANN, 'BASIC')).toMatchObject({ version: 1n });
    expect(await reads.findMany('acme', [ANN], 'BASIC', new Map([[ANN, 2n]]))).toMatchObject([
      { version: 2n },
    ]);
    expect(await reads.find('acme', ANN, 'BASIC')).toMatchObject({ version: 2n });
  });

  it('invalidates every view of a user that changes', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 1n);
    await reads.find('acme', ANN, 'BASIC');
    await reads.find('acme', ANN, 'FULL');
    table.write(ANN, 2n);
    reads.invalidate('acme', ANN);
    expect(await reads.find('acme', ANN, 'BASIC')).toMatchObject({ version: 2n });
    expect(await reads.find('acme', ANN, 'FULL')).toMatchObject({ version: 2n });
  });

  it('discards a read that was pending when the user changed', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 1n);
    const gate = Promise.withResolvers<void>();
    table.held = gate.promise;
    const slow = reads.find('acme', ANN, 'BASIC');
    table.write(ANN, 2n);
    reads.invalidate('acme', ANN);
    gate.resolve();
    expect(await slow).toMatchObject({ version: 1n });
    expect(await reads.find('acme', ANN, 'BASIC')).toMatchObject({ version: 2n });
  });

  it('A1: empties, and discards all pending reads, when everything is invalidated', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 7n);
    await reads.find('acme', ANN, 'BASIC');
    const gate = Promise.withResolvers<void>();
    table.held = gate.promise;
    table.write(BEN, 7n);
    const slow = reads.find('acme', BEN, 'BASIC');
    reads.invalidateAll();
    gate.resolve();
    expect(await slow).toMatchObject({ version: 7n });
    // Their writes were lost, so the database returns the earlier state.
    for (const id of [ANN, BEN]) {
      table.write(id, 2n);
      expect(await reads.find('acme', id, 'BASIC')).toMatchObject({ version: 2n });
    }
  });

  it('does not replace a newer user with an older answer that comes late', async () => {
    const { table, reads } = setUp();
    table.write(ANN, 1n);
    const gate = Promise.withResolvers<void>();
    table.held = gate.promise;
    const slow = reads.find('acme', ANN, 'BASIC');
    table.held = undefined;
    table.write(ANN, 2n);
    await reads.find('acme', ANN, 'BASIC');
    gate.resolve();
    await slow;
    expect(await reads.find('acme', ANN, 'BASIC')).toMatchObject({ version: 2n });
  });

  it('neither hits nor fills while the feed is not current', async () => {
    const { table, feed, reads } = setUp();
    table.write(ANN, 1n);
    await reads.find('acme', ANN, 'BASIC');
    feed.isCurrent = false;
    await reads.find('acme', ANN, 'BASIC');
    await reads.findMany('acme', [ANN, BEN], 'BASIC');
    expect(table.asked).toEqual([[ANN], [ANN], [ANN, BEN]]);
  });

  it('evicts users beyond its maximum', async () => {
    const { table, reads } = setUp({ maxEntries: 1 });
    table.write(ANN, 1n);
    table.write(BEN, 1n);
    for (const id of [ANN, BEN, ANN]) await reads.find('acme', id, 'BASIC');
    expect(table.asked).toHaveLength(3);
  });
});
