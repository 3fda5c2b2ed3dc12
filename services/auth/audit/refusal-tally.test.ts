import type { AuditEntry } from '@rollcall/runtime/callers';
import { describe, expect, it } from 'vitest';
import { createRefusalTally } from './refusal-tally.ts';

const entry: AuditEntry = {
  time: '2026-01-01T00:00:00.000Z',
  caller: 'booking',
  peer: '10.0.0.1:4000',
  method: 'a.v1.Users/Get',
  tenants: ['acme'],
  ids: [],
  idCount: 0,
  outcome: 'NOT_GRANTED',
  requestId: 'r1',
  count: 1,
};

describe('refusals', () => {
  it('that are alike are one line, with the first of them and their number', () => {
    const tally = createRefusalTally(10);
    for (const requestId of ['r1', 'r2', 'r3']) tally.add({ ...entry, requestId });
    tally.add({ ...entry, outcome: 'RATE_LIMITED' });
    expect(tally.take().map(({ requestId, outcome, count }) => [requestId, outcome, count])).toEqual([
      ['r1', 'NOT_GRANTED', 3],
      ['r1', 'RATE_LIMITED', 1],
    ]);
    expect(tally.take()).toEqual([]);
  });

  it('of unknown callers are counted by address, whatever their port', () => {
    const tally = createRefusalTally(10);
    for (const peer of ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.2:1']) tally.add({ ...entry, caller: '', peer });
    expect(tally.take().map(({ peer, count }) => [peer, count])).toEqual([
      ['10.0.0.1:1', 2],
      ['10.0.0.2:1', 1],
    ]);
  });

  it('of any number of kinds make no more lines than allowed, and none is lost', () => {
    const tally = createRefusalTally(5);
    for (let i = 0; i < 1000; i++) tally.add({ ...entry, caller: `c${i}` });
    const lines = tally.take();
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toMatchObject({ outcome: 'OTHER_REFUSALS', caller: '', count: 996 });
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  });
});
