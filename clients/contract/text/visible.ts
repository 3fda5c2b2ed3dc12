import { ALPHABETIC, INVISIBLE, SPACE, SPACELESS } from './characters.ts';

const ALL_INVISIBLE = new RegExp(INVISIBLE.source, 'gv');
const NOTHING_VISIBLE = new RegExp(`^(?:${INVISIBLE.source}|${SPACE.source})*$`, 'v');
const TWO_OF_ASCII = /[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]/;
const ONE_LETTER = new RegExp(`^${ALPHABETIC.source}$`, 'v');
const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Whether there is nothing in a text that anybody sees. */
export function isBlank(text: string): boolean {
  return NOTHING_VISIBLE.test(text);
}

/** A text without the space around it; empty where there is nothing that anybody sees. What is within stays as it was written. */
export function trimText(text: string): string {
  return isBlank(text) ? '' : text.trim();
}

/** A text without the characters that nobody sees, and without the space around it. */
export function visibleText(text: string): string {
  return text.replace(ALL_INVISIBLE, '').trim();
}

/** What is wrong with a text that `isSearchable` refuses, to stand behind the field's name. */
export const TOO_SHORT = 'must have two characters that can be seen, or one that is a word or a syllable';

/** Whether a text is long enough to search by: two characters, or one that is a word or a syllable, as `李`. */
export function isSearchable(query: string): boolean {
  if (TWO_OF_ASCII.test(query)) return true;
  const visible = visibleText(query).normalize('NFC');
  const [first, ...others] = graphemesOf(visible);
  return first !== undefined && (others.length > 0 || !(first.length === 1 && isOneLetter(first)));
}

function isOneLetter(character: string): boolean {
  return ONE_LETTER.test(character) || /^[\x21-\x7e]$/.test(character);
}

/** Whether a text has letters of a script in which names are written without a space between them. */
export function isSpaceless(text: string): boolean {
  return SPACELESS.test(text);
}

/** What a reader takes for single characters: a letter with its marks, a Korean syllable. */
export function graphemesOf(text: string): string[] {
  return [...GRAPHEMES.segment(text)].map(({ segment }) => segment);
}
