import { graphemesOf, isSpaceless } from '@rollcall/contract/text';
import { isPart, NEAR_LENGTH, POINTS, pointsOf, shortenedForms } from './search-score.ts';
import { type KnownParts, type UserSearch, WORDS_AT_ONCE, type WordPosition } from './user-search.ts';

/** Some of the words that match a term. */
export interface WordBatch {
  /** Best first. */
  readonly words: readonly string[];
  /** Where further ones begin; absent: these were the last. */
  readonly next?: WordPosition;
}

/** The words of names that match one term of a query, best first. */
export interface TermWords {
  /** Some of them, from a place on. */
  from(place: WordPosition | undefined): Promise<WordBatch>;
  placeOf(owner: { readonly word: string; readonly id: string }): WordPosition;
  /** What the entry of a user who matches looks like: one of these LIKE patterns. */
  patterns(): Promise<string[]>;
}

// Behind everybody.
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The words that match a term. */
export function createTermWords(search: UserSearch, tenantId: string, term: string): TermWords {
  let near: Promise<string[]> | undefined;
  let first: Promise<WordBatch> | undefined;
  const placeOf = ({ word, id }: { word: string; id: string }) => ({
    points: pointsOf(term, word),
    word,
    id,
  });
  const mistyped = () => {
    near ??= readNear();
    return near;
  };

  async function readNear(): Promise<string[]> {
    if ([...term].length < NEAR_LENGTH) return [];
    const words = await search.wordsNear(tenantId, { term, shortened: shortenedForms(term) });
    return words
      .map((word) => ({ word, points: pointsOf(term, word) }))
      .filter(({ points }) => points > 0 && points < POINTS.part)
      .sort((a, b) => b.points - a.points || (a.word < b.word ? -1 : 1))
      .map(({ word }) => word);
  }

  async function read(place: WordPosition | undefined): Promise<WordBatch> {
    const isMistyped = place !== undefined && place.points < POINTS.part;
    const holding = isMistyped ? [] : await search.wordsWith(tenantId, term, place);
    const last = holding.at(-1);
    if (last !== undefined && holding.length === WORDS_AT_ONCE)
      return { words: holding, next: placeOf({ word: last, id: LAST_ID }) };
    const all = await mistyped();
    const rest = isMistyped ? all.filter((word) => !isBefore(placeOf({ word, id: '' }), place)) : all;
    return { words: [...holding, ...rest] };
  }

  return {
    from(place) {
      if (place !== undefined) return read(place);
      first ??= read(undefined);
      return first;
    },
    placeOf,
    async patterns() {
      const escaped = term.replace(/[\\%_]/g, '\\$&');
      const begun = [`${escaped}%`, `% ${escaped}%`];
      const near = (await mistyped()).flatMap((word) => {
        const whole = word.replace(/[\\%_]/g, '\\$&');
        return [`${whole}:%`, `% ${whole}:%`];
      });
      return [...(isPart(term) ? [`%${escaped}%`] : begun), ...near];
    },
  };
}

function isBefore(a: WordPosition, b: WordPosition): boolean {
  return a.points > b.points || (a.points === b.points && a.word < b.word);
}

/** Longer words are no joined names. Our own choice: a long Thai name with its family name has some 40 letters. */
const MAX_LETTERS = 48;
/** A family name, and given names in up to three words. */
const MAX_PARTS = 4;
/** So many ways to split a word are looked up among users. */
const MAX_SPLITS = 8;

/**
 * The terms of a query, those that are several names written without a space between them split into these: `李小明` into `李` and
 * `小明` where somebody has both. Whoever has the term itself within a word matches its parts as well.
 */
export async function splitJoinedNames(
  search: UserSearch,
  tenantId: string,
  terms: readonly string[],
): Promise<string[]> {
  const split = await Promise.all(
    terms.map((term) => (isSpaceless(term) ? splitTerm(search, tenantId, term) : [term])),
  );
  return [...new Set(split.flat())];
}

async function splitTerm(search: UserSearch, tenantId: string, term: string): Promise<readonly string[]> {
  const letters = graphemesOf(term);
  if (letters.length < 2 || letters.length > MAX_LETTERS) return [term];
  const known = await search.knownParts(tenantId, partsOf(letters));
  for (const parts of splitsOf(letters, known).slice(0, MAX_SPLITS)) {
    const [word = '', ...others] = parts;
    if (await search.isNameOfOneUser(tenantId, { word, others })) return parts;
  }
  return [term];
}

function partsOf(letters: readonly string[]): string[] {
  const parts = letters.flatMap((_, from) =>
    letters.slice(from).map((__, i) => letters.slice(from, from + i + 1).join('')),
  );
  return [...new Set(parts)];
}

// Of known words, but the last may be the beginning of one, as somebody types it. Fewest parts first.
function splitsOf(letters: readonly string[], { words, beginnings }: KnownParts): string[][] {
  const all: string[][] = [];
  const extend = (parts: readonly string[], rest: readonly string[]): void => {
    const last = rest.join('');
    if (parts.length > 0 && beginnings.has(last)) all.push([...parts, last]);
    if (parts.length + 1 >= MAX_PARTS) return;
    for (let at = 1; at < rest.length; at++) {
      const part = rest.slice(0, at).join('');
      if (words.has(part)) extend([...parts, part], rest.slice(at));
    }
  };
  extend([], letters);
  return all.sort((a, b) => a.length - b.length);
}
