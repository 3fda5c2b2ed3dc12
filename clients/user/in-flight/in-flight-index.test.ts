import { UserView } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { Batcher } from './batcher.ts';
import { InFlightIndex } from './in-flight-index.ts';
import type { InFlightRead, Waiter } from './in-flight-read.ts';

const batcher = new Batcher<InFlightRead>({}, () => {});
const waiter: Waiter = { pending: { put: () => {} }, index: 0, next: undefined };

function inFlightRead(tenantId: string, id: string): InFlightRead {
  const batch = batcher.batchFor({ tenantId, view: UserView.REFERENCE }, false);
  const read = { id, minVersion: 0n };
  const rest = {
    cached: undefined,
    latestSeen: undefined,
    changes: undefined,
    survivor: undefined,
    startedAtMs: 0,
    firstWaiter: waiter,
    lastWaiter: waiter,
    next: undefined,
  };
  return { wanted: read, read, batch, isJoinable: true, isDiscarded: false, ...rest };
}

it('finds each read of an id until it is removed, and keeps nothing of removed ones', () => {
  const index = new InFlightIndex();
  const reads = ['acme', 'other', 'acme', 'third'].map((tenantId) => inFlightRead(tenantId, 'a'));
  for (const read of reads) index.add(read);
  expect(index.find('acme', 'a')).toHaveLength(2);
  for (const n of [1, 3, 0]) index.remove(reads[n] as InFlightRead);
  expect([...index.all()]).toEqual([reads[2]]);
  index.remove(reads[2] as InFlightRead);
  expect([...index.all()]).toEqual([]);
  expect(index.first('a')).toBeUndefined();
});
