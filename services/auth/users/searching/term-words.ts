import { isPart, NEAR_LENGTH, POINTS, pointsOf, shortenedForms } from './search-score.ts';
import { type UserSearch, WORDS_AT_ONCE, type WordPlace } from './user-search.ts';

/** Some of the words that match a term. */
export interface WordBatch {
  /** Best first. */
  readonly words: readonly string[];
  /** Where further ones begin; absent: these were the last. */
  readonly next?: WordPlace;
}

/** The words of names that match one term of a query, best first. */
export interface TermWords {
  /** Some of them, from a place on. */
  from(place: WordPlace | undefined): Promise<WordBatch>;
  placeOf(owner: { readonly word: string; readonly id: string }): WordPlace;
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

  async function read(place: WordPlace | undefined): Promise<WordBatch> {
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

function isBefore(a: WordPlace, b: WordPlace): boolean {
  return a.points > b.points || (a.points === b.points && a.word < b.word);
}
