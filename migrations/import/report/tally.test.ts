import { describe, expect, it } from 'vitest';
import { count, createTally, type Tally, toSummary, wrongSums } from './tally.ts';

describe('wrongSums', () => {
  it('is content where every row and every person has one outcome', () => {
    expect(wrongSums(goodTally())).toEqual([]);
  });

  it.for([
    'read',
    'linked',
    'unlinked',
    'refused',
    'bookingsCreated',
    'bookingsFound',
    'reported',
    'people',
  ] as const)('notices one %s too many', (name) => {
    const tally = goodTally();
    tally[name] += 1;
    expect(wrongSums(tally)).not.toEqual([]);
  });

  it('notices a person who was lost from the count, and says which sum is wrong', () => {
    const tally = goodTally();
    tally.users.created -= 1;
    expect(wrongSums(tally)).toEqual(['3 people met are not 1 created + 1 found + 0 without a user']);
  });
});

describe('toSummary', () => {
  it('tells the sum and where the rest is listed', () => {
    expect(toSummary(goodTally(), { reportPath: 'report.csv', elapsedMs: 1234 })).toEqual([
      'rows: 4 read = 2 linked + 1 unlinked + 1 refused',
      'bookings: 2 created, 1 already there',
      'users: 2 created, 1 already there',
      'time: 1.2 s',
      'rows that are not linked: 2, listed in',
      '  report.csv',
    ]);
  });
});

describe('toSummary of values', () => {
  it('sheet-files: tells how many values were left out', () => {
    const tally = { ...goodTally(), leftOut: 3 };
    expect(toSummary(tally, { reportPath: 'report.csv', elapsedMs: 1234 }).at(-1)).toBe(
      'values left out: 3, listed there too',
    );
    expect(wrongSums(tally)).toEqual([]);
  });
});

function goodTally(): Tally {
  const tally = createTally();
  Object.assign(tally, { read: 4, reported: 2, people: 3 });
  Object.assign(tally.users, { created: 2, found: 1 });
  count(tally, { kind: 'linked', isNew: true });
  count(tally, { kind: 'linked', isNew: false });
  count(tally, { kind: 'unlinked', isNew: true, reason: 'x' });
  count(tally, { kind: 'refused', reason: 'x' });
  return tally;
}
