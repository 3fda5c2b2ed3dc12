import { describe, expect, it } from 'vitest';
import { type DuplicateSuspect, PASSES, pairsOf } from './duplicates.ts';

const suspect = (id: string, firstName: string, lastName: string, other: object = {}): DuplicateSuspect => ({
  ...{ id, firstName, lastName, createTime: new Date(0), email: null, phone: null, birthDate: '1990-01-01' },
  ...other,
});

/** The scores with which a pair of users is found. */
const scores = (one: DuplicateSuspect, other: DuplicateSuspect) =>
  PASSES.flatMap((pass) => pairsOf({ key: '', suspects: [one, other] }, pass).map(({ score }) => score));

describe('pairs of duplicates', () => {
  it('are found by one given name, and never by a family name, a number and a birth date alone', () => {
    const anna = suspect('1', 'Anna', 'Schwarzenberger', { phone: 'aa' });
    const hans = suspect('2', 'Hans', 'Schwarzenberger', { phone: 'aa' });
    expect(scores(anna, { ...hans, phone: null })).toEqual([]);
    expect(scores(anna, hans)).toEqual([0.6]);
    expect(scores(anna, { ...hans, firstName: 'Anna' })).toEqual([0.92]);
  });

  it('score below an equal name when the given names are near, also with the number of a family', () => {
    const anna = suspect('1', 'Anna', 'Schwarzenberger', { phone: 'aa' });
    const anne = suspect('2', 'Anne', 'Schwarzenberger');
    expect(scores(anna, anne)).toEqual([0.5]);
    expect(scores(anna, { ...anne, phone: 'aa' })).toEqual([0.6]);
  });

  it('folded-names: are compared among many users born on one day, however their names are spelled', () => {
    const others = Array.from({ length: 30 }, (_, i) => suspect(`o${i}`, `Sp${i}`, 'Ta'));
    const spelled = [
      suspect('a', 'Øse', 'Ærø'),
      suspect('b', 'Ose', 'Aero'),
      suspect('c', '小明', '李'),
      suspect('d', '李小明', ''),
    ];
    const [pass] = PASSES.filter(({ evidence }) => evidence.join() === 'SAME_NAME');
    const pairs = pass ? pairsOf({ key: '', suspects: [...others, ...spelled] }, pass) : [];
    expect(pairs.map(({ firstId, secondId }) => [firstId, secondId])).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });
});
