import { describe, expect, it } from 'vitest';
import { digest } from './request-ids.ts';
import { openRowIndex } from './row-index.ts';

describe('openRowIndex', () => {
  it('counts how often a content was there before', () => {
    using index = openRowIndex();
    const counts = ['a', 'b', 'a', 'a'].map((content) => index.countEarlier(digest([content])));
    expect(counts).toEqual([0, 0, 1, 2]);
  });

  it('remembers where people lead, the latest word counting', () => {
    using index = openRowIndex();
    index.setLink('ada@example.com', { reason: 'gone' });
    index.setLink('ada@example.com', { userId: 'u1' });
    index.setLink('bob@example.com', { reason: 'gone' });
    expect(index.link('ada@example.com')).toEqual({ userId: 'u1' });
    expect(index.link('bob@example.com')).toEqual({ reason: 'gone' });
    expect(index.link('eve@example.com')).toBeUndefined();
    expect(index.countPeople()).toBe(2);
  });

  it('begins empty each time', () => {
    using first = openRowIndex();
    first.countEarlier(digest(['a']));
    using second = openRowIndex();
    expect(second.countEarlier(digest(['a']))).toBe(0);
  });
});
