import { describe, expect, it } from 'vitest';
import { openLedger } from './ledger.ts';
import { digest } from './plan-row.ts';

describe('openLedger', () => {
  it('counts how often a content was there before', () => {
    using ledger = openLedger();
    const counts = ['a', 'b', 'a', 'a'].map((content) => ledger.countEarlier(digest([content])));
    expect(counts).toEqual([0, 0, 1, 2]);
  });

  it('remembers where people lead, the latest word counting', () => {
    using ledger = openLedger();
    ledger.remember('ada@example.com', { reason: 'gone' });
    ledger.remember('ada@example.com', { userId: 'u1' });
    ledger.remember('bob@example.com', { reason: 'gone' });
    expect(ledger.link('ada@example.com')).toEqual({ userId: 'u1' });
    expect(ledger.link('bob@example.com')).toEqual({ reason: 'gone' });
    expect(ledger.link('eve@example.com')).toBeUndefined();
    expect(ledger.countPeople()).toBe(2);
  });

  it('begins empty each time', () => {
    using first = openLedger();
    first.countEarlier(digest(['a']));
    using second = openLedger();
    expect(second.countEarlier(digest(['a']))).toBe(0);
  });
});
