import { isSearchable } from '@rollcall/contract/text';

/** Points of each kind of match, in millionths. */
export const POINTS = { exact: 1_000_000, prefix: 700_000, part: 400_000, length: 250_000, near: 300_000 };

/**
 * Whether a term is also searched within words. A single letter is only when it is a word or a syllable of
 * its own.
 */
export function isPart(term: string): boolean {
  return lengthOf(term) > 1 || isSearchable(term);
}

/** Minimum length of a word with a typing mistake; shorter words have too many neighbours. */
export const NEAR_LENGTH = 4;

/**
 * Points of a word for a term, in millionths; 0 without a match.
 * From best to worst: equal, a prefix, a part, one mistyped letter. Longer parts of the word score higher.
 * Both texts must be as `search_text` of the database returns them.
 */
export function pointsOf(term: string, word: string): number {
  if (word === term) return POINTS.exact;
  const length = lengthOf(term);
  const share = () => Math.trunc((POINTS.length * length) / lengthOf(word));
  if (word.startsWith(term)) return POINTS.prefix + share();
  if (isPart(term) && word.includes(term)) return POINTS.part + share();
  if (length < NEAR_LENGTH || !isNear([...term], [...word])) return 0;
  // The first letter is seldom mistyped.
  return POINTS.near + (word[0] === term[0] ? 1 : 0);
}

/**
 * The word without each of its letters in turn. Two words that differ by one letter share one of these forms.
 */
export function shortenedForms(word: string): string[] {
  const letters = [...word];
  return [...new Set(letters.map((_, i) => letters.toSpliced(i, 1).join('')))];
}

/**
 * A word of a user, and a bit for each field that contains it: 1 first, 2 last, 4 display, 8 business name.
 */
interface EntryWord {
  readonly word: string;
  readonly fields: number;
}

/** Reads the words of a user from an entry such as `ada:5 lovelace:6`. */
export function wordsOfEntry(entry: string): EntryWord[] {
  return entry.split(' ').map((item) => {
    const colon = item.lastIndexOf(':');
    return { word: item.slice(0, colon), fields: Number(item.slice(colon + 1)) };
  });
}

/** The word of a user that matches a term best. */
interface BestWord extends EntryWord {
  readonly points: number;
}

/** Undefined without a match. Among equal matches the first in order of letters wins. */
export function bestWord(term: string, words: readonly EntryWord[]): BestWord | undefined {
  let best: BestWord | undefined;
  for (const each of words) {
    const points = pointsOf(term, each.word);
    if (points === 0 || (best && points < best.points)) continue;
    if (!best || points > best.points || each.word < best.word) best = { ...each, points };
  }
  return best;
}

/** The names of the fields in `EntryWord.fields`, as in `User`. */
export function fieldNames(fields: number): string[] {
  return FIELDS.filter((_, i) => fields & (1 << i));
}

const FIELDS = ['first_name', 'last_name', 'display_name', 'business_name'];

/** Whether two words differ by one letter added, removed, replaced, or swapped with the next. */
export function isNear(a: readonly string[], b: readonly string[]): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  const sameBehind = (i: number, j: number) =>
    a.length - i === b.length - j && a.slice(i).every((letter, k) => letter === b[j + k]);
  return (
    sameBehind(from + 1, from + 1) ||
    sameBehind(from + 1, from) ||
    sameBehind(from, from + 1) ||
    (a[from] === b[from + 1] && a[from + 1] === b[from] && sameBehind(from + 2, from + 2))
  );
}

function lengthOf(text: string): number {
  return [...text].length;
}
