import { isSearchable } from '@rollcall/contract/text';

/** How well words match, in millionths. */
export const POINTS = { exact: 1_000_000, prefix: 700_000, part: 400_000, length: 250_000, near: 300_000 };

/** Whether a term is looked for within words too: one letter is only where it is a word or a syllable by itself. */
export function isPart(term: string): boolean {
  return lengthOf(term) > 1 || isSearchable(term);
}

/** A typing mistake is looked for in words of this length and longer; among shorter ones too many are near each other. */
export const NEAR_LENGTH = 4;

/**
 * How well a word matches a term, in millionths; 0: not at all. The same, begun, with a part of the word, one letter
 * amiss; each the better the more of the word the term is. Both as `search_text` of the database answers them.
 */
export function pointsOf(term: string, word: string): number {
  if (word === term) return POINTS.exact;
  const length = lengthOf(term);
  const share = () => Math.trunc((POINTS.length * length) / lengthOf(word));
  if (word.startsWith(term)) return POINTS.prefix + share();
  if (isPart(term) && word.includes(term)) return POINTS.part + share();
  if (length < NEAR_LENGTH || !isNear([...term], [...word])) return 0;
  // People seldom mistake the first letter.
  return POINTS.near + (word[0] === term[0] ? 1 : 0);
}

/** The word with each of its letters left out in turn: two words with one letter amiss have one of these in common. */
export function shortenedForms(word: string): string[] {
  const letters = [...word];
  return [...new Set(letters.map((_, i) => letters.toSpliced(i, 1).join('')))];
}

/** A word of a user, and in which fields it stands, a bit each: 1 first, 2 last, 4 display, 8 business name. */
export interface EntryWord {
  readonly word: string;
  readonly fields: number;
}

/** The words of a user: `ada:5 lovelace:6`. */
export function wordsOfEntry(entry: string): EntryWord[] {
  return entry.split(' ').map((item) => {
    const colon = item.lastIndexOf(':');
    return { word: item.slice(0, colon), fields: Number(item.slice(colon + 1)) };
  });
}

/** Which of a user's words matches a term best, and how well. */
export interface BestWord extends EntryWord {
  readonly points: number;
}

/** Undefined: none matches. Of two that match alike the first in order of letters. */
export function bestWord(term: string, words: readonly EntryWord[]): BestWord | undefined {
  let best: BestWord | undefined;
  for (const each of words) {
    const points = pointsOf(term, each.word);
    if (points === 0 || (best && points < best.points)) continue;
    if (!best || points > best.points || each.word < best.word) best = { ...each, points };
  }
  return best;
}

/** The names of fields in `EntryWord.fields`, as `User` names them. */
export function fieldNames(fields: number): string[] {
  return FIELDS.filter((_, i) => fields & (1 << i));
}

const FIELDS = ['first_name', 'last_name', 'display_name', 'business_name'];

/** Whether two words differ by one letter: more, less, other, or two that changed places. */
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
