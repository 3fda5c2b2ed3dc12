import { ACCENTS, APOSTROPHES, INVISIBLE, SEPARATORS } from './characters.ts';
import { LETTERS } from './letters.ts';

const ASCII = /^[\x20-\x7e]*$/;
const ASCII_APOSTROPHES = /['`]/g;
const ASCII_SEPARATORS = /[ "(),\-./:;<>?!&[\]{|}]+/g;
const LEFT_OUT = new RegExp(`${APOSTROPHES.source}|${INVISIBLE.source}`, 'gv');
const ACCENTS_LEFT = new RegExp(`${ACCENTS.source}|${APOSTROPHES.source}`, 'gv');
const BETWEEN_WORDS = new RegExp(`${SEPARATORS.source}+`, 'gv');
const NON_ASCII_LETTERS = new RegExp(`[${[...LETTERS.keys()].join('')}]`, 'gu');
/** The dot of Catalan `l·l`, also typed as a bullet or an operator. Elsewhere it separates words. */
const DOT_OF_LL = /(?<=l)[·•‧∙⋅](?=l)/giu;

/**
 * Folds a text for search and comparison: no letter case, accents, apostrophes or invisible characters, and
 * single spaces between words. Variants of a letter become one: full and half width, ligatures, kana,
 * strokes. NFKD, so that a Korean syllable starts with its first letter.
 *
 * `search_text` of the auth database is equal for every character, which a test checks.
 */
export function foldText(text: string): string {
  if (ASCII.test(text))
    return text.toLowerCase().replace(ASCII_APOSTROPHES, '').replace(ASCII_SEPARATORS, ' ').trim();
  const decomposed = text.replace(LEFT_OUT, '').normalize('NFKD').replace(ACCENTS_LEFT, '');
  return foldCase(decomposed.replace(DOT_OF_LL, ''))
    .replace(NON_ASCII_LETTERS, (letter) => LETTERS.get(letter) ?? letter)
    .replace(BETWEEN_WORDS, ' ')
    .trim();
}

/** The folded words of a text. */
export function wordsOf(text: string): string[] {
  return foldText(text)
    .split(' ')
    .filter((word) => word !== '');
}

/**
 * Folds the letter case of a text completely: `ẞ`, `ß` and `SS` become `ss`. ECMAScript has no function for
 * it.
 */
export function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}
