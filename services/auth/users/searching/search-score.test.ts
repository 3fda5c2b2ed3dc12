import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestWord, fieldNames, pointsOf, shortenedForms, wordsOfEntry } from './search-score.ts';

describe('points of a match', () => {
  it('fall from equal words over beginnings and parts to mistyped words', () => {
    const points = ['ana', 'anab', 'anabela', 'joana', 'susanas'].map((word) => pointsOf('ana', word));
    expect(points).toEqual([...points].sort((a, b) => b - a));
    expect(points[0]).toBe(1_000_000);
    const mistyped = [
      pointsOf('okonkow', 'okonkwo'),
      pointsOf('ogonkwo', 'okonkwo'),
      pointsOf('tkonkwo', 'okonkwo'),
    ];
    expect(mistyped).toEqual([300_001, 300_001, 300_000]);
    expect(pointsOf('okonkwo', 'okonkwor')).toBeGreaterThan(700_000);
    expect(pointsOf('ana', 'rui')).toBe(0);
  });

  it('are 0 for a mistake in a short word, and for a single letter in the middle', () => {
    expect([pointsOf('ada', 'ida'), pointsOf('a', 'ida'), pointsOf('i', 'ida')]).toEqual([0, 0, 783_333]);
  });

  it('count a letter as one, also where JavaScript counts two', () => {
    expect(pointsOf('🍕', '🍕🍕')).toBe(pointsOf('a', 'ab'));
  });

  it('are positive for one mistake, and 0 for two', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 4, maxLength: 7 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(pointsOf(a, b) > 0).toBe(b.includes(a) || distance(a, b) <= 1);
      }),
      { seed: 20_261_120, numRuns: 3000 },
    );
  });

  it('are positive only for words with a common shortened form', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const forms = new Set([b, ...shortenedForms(b)]);
        const isNear = distance(a, b) <= 1;
        expect([a, ...shortenedForms(a)].some((form) => forms.has(form)) || !isNear).toBe(true);
      }),
      { seed: 20_261_120, numRuns: 3000 },
    );
  });
});

describe('the words of an entry', () => {
  it('come with the fields that contain them', () => {
    const words = wordsOfEntry('ana:1 anabela:10');
    expect(words).toEqual([
      { word: 'ana', fields: 1 },
      { word: 'anabela', fields: 10 },
    ]);
    expect(bestWord('anab', words)).toMatchObject({ word: 'anabela', fields: 10 });
    expect(bestWord('rui', words)).toBeUndefined();
    expect(fieldNames(10)).toEqual(['last_name', 'business_name']);
  });
});

/** Optimal string alignment, by its textbook definition. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = least;
    }
  }
  return at(a.length, b.length);
}
