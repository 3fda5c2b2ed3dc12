import { ACCENTS, APOSTROPHES, INVISIBLE, SEPARATORS } from './characters.ts';
import { LETTERS } from './letters.ts';

const ASCII = /^[\x20-\x7e]*$/;
const ASCII_APOSTROPHES = /['`]/g;
const ASCII_SEPARATORS = /[ "(),\-./:;<>?!&[\]{|}]+/g;
const LEFT_OUT = new RegExp(`${APOSTROPHES.source}|${INVISIBLE.source}`, 'gv');
const ACCENTS_LEFT = new RegExp(`${ACCENTS.source}|${APOSTROPHES.source}`, 'gv');
const BETWEEN_WORDS = new RegExp(`${SEPARATORS.source}+`, 'gv');
const NON_ASCII_LETTERS = new RegExp(`[${[...LETTERS.keys()].join('')}]`, 'gu');
/** The dot of Catalan `l·l`, also where it was typed as a bullet or an operator; elsewhere it separates words. */
const DOT_OF_LL = /(?<=l)[·•‧∙⋅](?=l)/giu;

/**
 * A text as names are searched and compared: without letter case, accents, apostrophes and characters that nobody sees, its
 * words separated by single spaces. Letters that differ in form only are one: full and half width, ligatures, both kinds of kana,
 * letters with a stroke. Decomposed (NFKD), so that a Korean syllable begins with its first letter.
 *
 * `search_text` of the auth database does the same; a test holds them equal for every character.
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

/** The words of a text, as they are searched and compared. */
export function wordsOf(text: string): string[] {
  return foldText(text)
    .split(' ')
    .filter((word) => word !== '');
}

/** A text in one letter case by full case folding: `ẞ`, `ß` and `SS` are `ss`. ECMAScript has no function for it. */
export function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}
