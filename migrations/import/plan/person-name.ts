import { foldText, isBlank } from '@rollcall/contract/text';

/** A name as the fields of a user. */
export interface PersonName {
  readonly firstName: string;
  readonly lastName: string;
  /** Whole name with single spaces and titles, given names first. */
  readonly displayName: string;
}

const TITLES = new Set('mr mrs ms miss mx dr prof sir'.split(' '));
const SUFFIXES = new Set('md dds dvm phd jr sr ii iii iv esq'.split(' '));
// Only after a comma: elsewhere these are words of names.
const COMPANY_FORMS = new Set('inc llc ltd gmbh plc corp'.split(' '));
const COMMAS = /[,\uff0c\u060c\u3001]/;

/**
 * Splits a name: the last word is the family name. With a comma the family name comes first ("King, Ada").
 * Titles and suffixes belong to neither ("Dr. Ada King, MD" is Ada King), unless there is nothing else.
 */
export function splitName(name: string): PersonName {
  const [first = [], ...rest] = name.split(COMMAS).map(wordsOf);
  const others = rest.filter((words) => words.length > 0);
  // "King, Jr., Ada" and "Ada King, MD": a part of suffixes, or of titles, divides nothing.
  const given = others.filter((words) => !words.every(isBesideName));
  if (given.length > 0) return splitFamilyFirst(first, given, others);
  const displayName = [first, ...others].map(joined).join(', ');
  const { core } = parted(first);
  // "King," and "King, Jr."
  const isFamily = rest.length > 0 && core.length === 1 && !others.flat().some(isCompanyForm);
  const lastNames = isFamily || core.length > 1 ? core.slice(-1) : [];
  const firstNames = core.slice(0, core.length - lastNames.length);
  return { firstName: joined(firstNames), lastName: joined(lastNames), displayName };
}

type Words = readonly string[];

/**
 * Splits a name that begins with the family name. The first part after it is the given names, further parts
 * are only displayed.
 */
function splitFamilyFirst(first: Words, given: readonly Words[], others: readonly Words[]): PersonName {
  const [family, names] = [parted(first), parted(given[0] ?? [])];
  const beside = others.filter((words) => !given.includes(words)).flat();
  const titles = [...family.titles, ...names.titles, ...beside.filter(isTitle)];
  const suffixes = [...names.suffixes, ...family.suffixes, ...beside.filter((word) => !isTitle(word))];
  const shown = joined([...titles, ...names.core, ...family.core, ...suffixes]);
  return {
    firstName: joined(names.core),
    lastName: joined(family.core),
    displayName: given.length > 1 ? [first, ...others].map(joined).join(', ') : shown,
  };
}

/** Splits titles and suffixes off. A name of nothing else is kept whole. */
function parted(words: Words): { titles: Words; core: Words; suffixes: Words } {
  let [from, to] = [0, words.length];
  while (from < to && isTitle(words[from])) from += 1;
  while (to > from && isSuffix(words[to - 1])) to -= 1;
  if (from === to) return { titles: [], core: words, suffixes: [] };
  return { titles: words.slice(0, from), core: words.slice(from, to), suffixes: words.slice(to) };
}

function joined(words: Words): string {
  return words.join(' ');
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => !isBlank(word));
}

function isBesideName(word: string): boolean {
  return isTitle(word) || isSuffix(word) || isCompanyForm(word);
}

function isTitle(word = ''): boolean {
  return TITLES.has(bare(word));
}

function isSuffix(word = ''): boolean {
  return SUFFIXES.has(bare(word));
}

function isCompanyForm(word: string): boolean {
  return COMPANY_FORMS.has(bare(word));
}

function bare(word: string): string {
  return foldText(word).replaceAll(' ', '');
}
