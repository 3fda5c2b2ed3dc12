import { ALPHABETIC, INVISIBLE, SPACE, SPACELESS } from './characters.ts';

const ALL_INVISIBLE = new RegExp(INVISIBLE.source, 'gv');
const NOTHING_VISIBLE = new RegExp(`^(?:${INVISIBLE.source}|${SPACE.source})*$`, 'v');
const TWO_OF_ASCII = /[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]/;
const ONE_LETTER = new RegExp(`^${ALPHABETIC.source}$`, 'v');
const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Whether a text has no visible character. */
export function isBlank(text: string): boolean {
  return NOTHING_VISIBLE.test(text);
}

/** Removes the space around a text. A blank text becomes empty; the inner part stays as it is. */
export function trimText(text: string): string {
  return isBlank(text) ? '' : text.trim();
}

/** Removes invisible characters, and the space around a text. */
export function visibleText(text: string): string {
  return text.replace(ALL_INVISIBLE, '').trim();
}

/** The fault of a text that `isSearchable` refuses; follows the name of the field. */
export const TOO_SHORT = 'must have two characters that can be seen, or one that is a word or a syllable';

/** Whether a text is long enough to search: two characters, or one that is a word or a syllable, as `李`. */
export function isSearchable(query: string): boolean {
  if (TWO_OF_ASCII.test(query)) return true;
  const visible = visibleText(query).normalize('NFC');
  const [first, ...others] = graphemesOf(visible);
  return first !== undefined && (others.length > 0 || !(first.length === 1 && isOneLetter(first)));
}

function isOneLetter(character: string): boolean {
  return ONE_LETTER.test(character) || /^[\x21-\x7e]$/.test(character);
}

/** Whether a text has letters of a script without spaces between names. */
export function isSpaceless(text: string): boolean {
  return SPACELESS.test(text);
}

/** Splits a text into the characters that a reader sees: a letter with its marks, a Korean syllable. */
export function graphemesOf(text: string): string[] {
  return [...GRAPHEMES.segment(text)].map(({ segment }) => segment);
}
