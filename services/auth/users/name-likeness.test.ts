import { describe, expect, it } from 'vitest';
import { isSimilarName } from './name-likeness.ts';

const named = (name: string) => {
  const [firstName = '', lastName = ''] = name.split('/');
  return { firstName, lastName };
};

describe('isSimilarName', () => {
  it.each([
    ['José/García', 'jose/garcia'],
    ['Jon/Smith', 'John/Smith'],
    ['Ada/Lovelace', 'Lovelace/Ada'],
    ["Sinead/O'Connor", 'Sinéad/O’Connor'],
    ['Katherine/Johnson', 'Catherine/Johnson'],
  ])('takes %s and %s for one', (one, other) => {
    expect(isSimilarName(named(one), named(other))).toBe(true);
  });

  it.each([
    ['Ann/Lee', 'Dan/Lee'],
    ['Ada/Lovelace', 'Grace/Hopper'],
    ['Ada/', '/'],
    ['/', '/'],
  ])('does not take %s and %s for one', (one, other) => {
    expect(isSimilarName(named(one), named(other))).toBe(false);
  });
});
