// The terms of a query: names written without spaces are split, and each term finds the words that match it.
import { graphemesOf, isSpaceless } from '@rollcall/contract/text';
import { isPart, NEAR_LENGTH, POINTS, pointsOf, shortenedForms } from './search-score.ts';
import { type KnownParts, type UserSearch, WORDS_AT_ONCE, type WordPosition } from './user-search.ts';

/** A batch of words that match a term. */
interface WordBatch {
  /** Best first. */
  readonly words: readonly string[];
  /** The position of the next batch. Absent after the last. */
  readonly next?: WordPosition;
}

/** The words of names that match one term of a query, best first. */
export interface TermWords {
  /** Reads a batch from a position on. */
  from(position: WordPosition | undefined): Promise<WordBatch>;
  positionOf(owner: { readonly word: string; readonly id: string }): WordPosition;
  /** LIKE patterns, one of which the entry of a matching user meets. */
  patterns(): Promise<string[]>;
}

// Sorts after every id.
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Creates the words of one term. */
export function createTermWords(search: UserSearch, tenantId: string, term: string): TermWords {
  let near: Promise<string[]> | undefined;
  let first: Promise<WordBatch> | undefined;
  const positionOf = ({ word, id }: { word: string; id: string }) => ({
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

  async function read(position: WordPosition | undefined): Promise<WordBatch> {
    const isMistyped = position !== undefined && position.points < POINTS.part;
    const holding = isMistyped ? [] : await search.wordsWith(tenantId, term, position);
    const last = holding.at(-1);
    if (last !== undefined && holding.length === WORDS_AT_ONCE)
      return { words: holding, next: positionOf({ word: last, id: LAST_ID }) };
    const all = await mistyped();
    const rest = isMistyped ? all.filter((word) => !isBefore(positionOf({ word, id: '' }), position)) : all;
    return { words: [...holding, ...rest] };
  }

  return {
    from(position) {
      if (position !== undefined) return read(position);
      first ??= read(undefined);
      return first;
    },
    positionOf,
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

/** Longer words are not split. A long Thai name with its family name has some 40 letters. */
const MAX_LETTERS = 48;
/** A family name, and given names in up to three words. */
const MAX_PARTS = 4;
/** Maximum number of splits of a word that are looked up. */
const MAX_SPLITS = 8;

/**
 * Splits each term that is several names without spaces between them: `李小明` into `李` and `小明` if a user has
 * both. A user with the whole term in one word matches the parts as well.
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

// Splits into known words, fewest parts first. The last part may be the beginning of a word, as in a query
// being typed.
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
