import type { UserReference } from './user.ts';

// Of the letter pairs of both names, so many must be in both: "Jon Smith" and "John Smith" have 0.86, "Ann Lee" and
// "Dan Lee", who may be twins, 0.75.
const MIN_LIKENESS = 0.8;

/** A name for comparison: without accents, letter case and punctuation. */
export function fold(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Whether two people's names may be one name, written differently: in either order of its parts. Two without names are not alike. */
export function isSimilarName(
  one: Pick<UserReference, 'firstName' | 'lastName'>,
  other: Pick<UserReference, 'firstName' | 'lastName'>,
): boolean {
  const name = fold(`${one.firstName} ${one.lastName}`);
  const same = likeness(name, fold(`${other.firstName} ${other.lastName}`));
  return same >= MIN_LIKENESS || likeness(name, fold(`${other.lastName} ${other.firstName}`)) >= MIN_LIKENESS;
}

/** The Dice coefficient of two texts' pairs of letters, 0 to 1. Of empty texts 0. */
export function likeness(one: string, other: string): number {
  const [a, b] = [letterPairs(one), letterPairs(other)];
  if (a.length === 0 || b.length === 0) return 0;
  const left = [...b];
  const shared = a.filter((pair) => {
    const at = left.indexOf(pair);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / (a.length + b.length);
}

// Beginnings and ends of words count as letters, so that names of one letter have pairs too.
function letterPairs(text: string): string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => [...` ${word} `].map((letter, i, all) => letter + (all[i + 1] ?? '')).slice(0, -1));
}
