import type { Pool } from '@rollcall/runtime/postgres';
import { expect, it } from 'vitest';
import type { UserReads } from '../../users/reading/user-reads.ts';
import { followReplica } from './replica.ts';

const poolOf = (row: () => { lsn: string | null; feed: string | null }) =>
  ({ query: async () => ({ rows: [row()] }) }) as unknown as Pool;

it('A1: a replica of another feed is not read, however far ahead its log is', async () => {
  const primary = { lsn: '0/5000', feed: 'line-1' };
  const copy = { lsn: '0/6000', feed: 'line-1' };
  let followed = 'line-1';
  await using replica = followReplica({
    reads: {} as UserReads,
    pool: poolOf(() => copy),
    primary: poolOf(() => primary),
    feed: () => followed,
    onChange: () => {},
    pollMs: 1,
  });
  const isUsable = () => replica.completeUntilMs > performance.now() - 500;
  await expect.poll(isUsable).toBe(true);
  // Another standby was promoted without the end of the log, which this one has.
  followed = 'line-2';
  Object.assign(primary, { lsn: '0/4000', feed: 'line-2' });
  await expect.poll(() => replica.completeUntilMs).toBe(Number.NEGATIVE_INFINITY);
  // The old primary still answers on a connection.
  Object.assign(primary, { lsn: '0/7000', feed: 'line-1' });
  copy.lsn = '0/7000';
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(replica.completeUntilMs).toBe(Number.NEGATIVE_INFINITY);
  // The standby was rebuilt from the new primary, and holds what that wrote.
  Object.assign(primary, { lsn: '0/4000', feed: 'line-2' });
  Object.assign(copy, { lsn: '0/4000', feed: 'line-2' });
  await expect.poll(isUsable).toBe(true);
});
