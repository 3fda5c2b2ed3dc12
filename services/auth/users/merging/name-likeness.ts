import { foldText, isSpaceless, wordsOf } from '@rollcall/contract/text';
import { isNear } from '../searching/search-score.ts';
import type { UserReference } from '../user.ts';

type ComparedName = Pick<UserReference, 'firstName' | 'lastName'>;

/**
 * How alike two names are. SAME: one name, apart from folding, the order of its parts, and mistakes in a
 * family name. NEAR: the given names may be one, with a mistake, an initial or an additional name, as
 * siblings may have.
 */
type NameLikeness = 'SAME' | 'NEAR' | 'NONE';

// Minimum share of letter pairs in both family names: "Schwarzenberger" and "Schwartzenberger" have 0.91.
const MIN_FAMILY_LIKENESS = 0.8;
/** Minimum length of a name with a mistake; among shorter ones too many are different names. */
const MIN_MISTAKEN = 3;
/** Minimum length of a family name with a mistake; "Lin" and "Liu" are different families. */
const MIN_MISTAKEN_FAMILY = 5;
/** From this length on the first letter may be a mistake too: "Katherine" and "Catherine". */
const MIN_MISTAKEN_FIRST = 6;

/**
 * Compares the names of two people, whose parts may be in each other's fields.
 * Given names must be alike on their own, however alike the family names are.
 */
export function nameLikeness(one: ComparedName, other: ComparedName): NameLikeness {
  const [a, b] = [partsOf(one), partsOf(other)];
  if (a.given.length === 0 && b.given.length === 0) return 'NONE';
  // José María and María José may be siblings.
  if (isSameWhole(a, b)) return isSameFamily(a, b) && joined(a.given) !== joined(b.given) ? 'NEAR' : 'SAME';
  const isWhole = [a.given, a.family, b.given, b.family].every((part) => part.length > 0);
  if (!isWhole) return likenessOfWords(a, b);
  const inOrder = likenessOfParts(a, b);
  if (inOrder !== 'NONE') return inOrder;
  // When the parts are in each other's fields, the given name is unknown, and a mistake may be another name.
  return likenessOfParts(a, { given: b.family, family: b.given }) === 'NONE' ? 'NONE' : 'NEAR';
}

/** A name without spaces, which sorts beside other spellings of the same name. */
export function sortedName(first: string, last: string): string {
  return foldText(`${first} ${last}`).replaceAll(' ', '');
}

interface NameParts {
  readonly given: readonly string[];
  readonly family: readonly string[];
}

function partsOf({ firstName, lastName }: ComparedName): NameParts {
  return { given: wordsOf(firstName), family: wordsOf(lastName) };
}

// All words are equal, in any order and field; or all letters, in scripts without spaces.
function isSameWhole(a: NameParts, b: NameParts): boolean {
  const [words, others] = [
    [...a.given, ...a.family],
    [...b.given, ...b.family],
  ];
  if (words.length > 1 && isSameSet(words, others)) return true;
  const isSplit = [a, b].some(({ given, family }) => given.length > 0 && family.length > 0);
  if (!isSplit || !isSpaceless(words.join(''))) return false;
  const orders = [joined(a.given, a.family), joined(a.family, a.given)];
  return [joined(b.given, b.family), joined(b.family, b.given)].some((each) => orders.includes(each));
}

function isSameFamily(a: NameParts, b: NameParts): boolean {
  return a.family.length > 0 && joined(a.family) === joined(b.family);
}

// When a part is missing, the other field may hold the whole name. A single word may be a family name.
function likenessOfWords(a: NameParts, b: NameParts): NameLikeness {
  const [words, others] = [
    [...a.given, ...a.family],
    [...b.given, ...b.family],
  ];
  if (words.length !== others.length) return 'NONE';
  const isGivenOnly = a.family.length === 0 && b.family.length === 0;
  if (words.length === 1) return isGivenOnly && words[0] === others[0] ? 'NEAR' : 'NONE';
  return matchWords(words, others) === 'NONE' ? 'NONE' : 'NEAR';
}

function likenessOfParts(a: NameParts, b: NameParts): NameLikeness {
  const given = likenessOfGiven(a.given, b.given);
  const family = likenessOfFamily(a.family, b.family);
  if (given === 'NONE' || family === 'NONE') return 'NONE';
  if (given === 'SAME' && family === 'SAME') return 'SAME';
  return given === 'SAME' || family === 'SAME' ? 'NEAR' : 'NONE';
}

function likenessOfGiven(a: readonly string[], b: readonly string[]): NameLikeness {
  return joined(a) === joined(b) ? 'SAME' : matchWords(a, b);
}

// Siblings have no mistake in their family name, but one part of a double name may be another family.
function likenessOfFamily(a: readonly string[], b: readonly string[]): NameLikeness {
  const [one, other] = [joined(a), joined(b)];
  if (one === other || isSameSet(a, b)) return 'SAME';
  if (isSpaceless(one + other)) return 'NONE';
  if (likeness(a.join(' '), b.join(' ')) >= MIN_FAMILY_LIKENESS) return 'SAME';
  if (isMistaken(one, other))
    return Math.min(one.length, other.length) < MIN_MISTAKEN_FAMILY ? 'NEAR' : 'SAME';
  const [fewer, more] = a.length < b.length ? [a, b] : [b, a];
  return fewer.every((word) => more.includes(word)) ? 'NEAR' : 'NONE';
}

// Every word of the shorter name is in the longer one: unchanged, as an initial, or one of them with a
// mistake.
function matchWords(a: readonly string[], b: readonly string[]): NameLikeness {
  const [fewer, more] = a.length <= b.length ? [a, b] : [b, a];
  const left = [...more];
  const unmatched = fewer.filter((word) => !take(left, (each) => each === word));
  const mistaken = unmatched.filter((word) => !take(left, (each) => isInitial(word, each)));
  if (mistaken.length > 1) return 'NONE';
  return mistaken.every((word) => take(left, (each) => isMistaken(word, each))) ? 'NEAR' : 'NONE';
}

function take(words: string[], isWanted: (word: string) => boolean): boolean {
  const at = words.findIndex(isWanted);
  if (at >= 0) words.splice(at, 1);
  return at >= 0;
}

function isInitial(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return [...short].length === 1 && !isSpaceless(short) && long.startsWith(short);
}

// In syllabic scripts another letter is another name, because siblings often share a syllable.
function isMistaken(one: string, other: string): boolean {
  const [a, b] = [[...one], [...other]];
  const shorter = Math.min(a.length, b.length);
  if (shorter < MIN_MISTAKEN || isSpaceless(one + other)) return false;
  return (a[0] === b[0] || shorter >= MIN_MISTAKEN_FIRST) && isNear(a, b);
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().join(' ') === b.toSorted().join(' ');
}

function joined(...parts: readonly (readonly string[])[]): string {
  return parts.flat().join('');
}

/** The Dice coefficient of the letter pairs of two texts, from 0 to 1; 0 for empty texts. */
function likeness(one: string, other: string): number {
  const [a, b] = [letterPairs(one), letterPairs(other)];
  if (a.length === 0 || b.length === 0) return 0;
  const left = [...b];
  const shared = a.filter((pair) => take(left, (each) => each === pair));
  return (2 * shared.length) / (a.length + b.length);
}

// Word boundaries count as letters, so that names of one letter have pairs too.
function letterPairs(text: string): string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => [...` ${word} `].map((letter, i, all) => letter + (all[i + 1] ?? '')).slice(0, -1));
}
