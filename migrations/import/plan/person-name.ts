/** A name in the parts that a user has. */
export interface PersonName {
  readonly firstName: string;
  readonly lastName: string;
  /** The whole name with single spaces, titles and all. */
  readonly displayName: string;
}

const TITLES = new Set('mr mrs ms miss mx dr prof sir'.split(' '));
const SUFFIXES = new Set('md dds dvm phd jr sr ii iii iv esq'.split(' '));

/**
 * Splits a name as people write it: the last word is the family name, what stands before it the given names. Titles before
 * and suffixes behind belong to neither ("Dr. Ada King MD" is Ada King), unless nothing else is there.
 */
export function splitName(name: string): PersonName {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const displayName = words.join(' ');
  let [from, to] = [0, words.length];
  while (from < to && TITLES.has(bare(words[from]))) from += 1;
  while (to > from && SUFFIXES.has(bare(words[to - 1]))) to -= 1;
  const core = from < to ? words.slice(from, to) : words;
  if (core.length < 2) return { firstName: core.join(), lastName: '', displayName };
  return {
    firstName: core.slice(0, -1).join(' '),
    lastName: core.at(-1)?.replace(/,$/, '') ?? '',
    displayName,
  };
}

function bare(word = ''): string {
  return word.toLowerCase().replaceAll(/[.,]/g, '');
}
