import { graphemesOf, isSpaceless } from '@rollcall/contract/text';
import type { KnownParts, UserSearch } from './user-search.ts';

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
  const known = await search.knownAmong(tenantId, partsOf(letters));
  for (const parts of splitsOf(letters, known).slice(0, MAX_SPLITS)) {
    const [word = '', ...others] = parts;
    if (await search.haveTogether(tenantId, { word, others })) return parts;
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
