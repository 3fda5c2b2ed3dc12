import { ACCENTS, APOSTROPHES, INVISIBLE, SEPARATORS } from './characters.ts';

/**
 * Letters that Unicode neither decomposes nor folds, each followed by its replacement. `Intl.Collator` knows
 * a dozen of the Latin ones only.
 *
 * Latin: letters with a stroke, a hook or a tail, and ligatures. Arabic: variants of Persian, Urdu and Arabic
 * keyboards, and variant endings. Yiddish: digraphs. Malayalam, Bengali: letters without a vowel, once
 * written with a joiner. Greek: the final sigma.
 */
const LETTER_FORMS = `
  æae œoe þth ðd đd ɖd ɗd ƌd øo ɵo ɔo łl ƚl ɫl ⱡl ħh ⱨh ŧt ƭt ʈt ⱦt ŋn ɲn ƞn ƀb ɓb ƃb ƈc ȼc əe ǝe ɛe ɇe ƒf ǥg ɠg ɣg
  ıi ɨi ɩi ɉj ƙk ⱪk ĸq ƥp ɍr ɽr ȿs ʉu ʊu ʋv ⱳw ɏy ƴy ƶz ȥz ɀz ʒz
  ⱥa ɑa ꟈd ɡg ꞡg ɦh ȷj ꝁk ꝃk ꝅk ꞣk ɬl ꝉl ȴl ɱm ꞥn ȵn ꝋo ᵽp ꝑp ꝓp ɋq ꝗq ꝙq ꞧr ʂs ꞩs ꟊs ȶt ꜳaa ꜵao ꜷau ꜹav ꜻav ꜽay ꝏoo
  ىي یي کك ہه ھه ەه ةه ٱا
  \u05f0\u05d5\u05d5 \u05f1\u05d5\u05d9 \u05f2\u05d9\u05d9
  ൔമ് ൕയ് ൖഴ് ൺണ് ൻന് ർര് ൽല് ൾള് ൿക് ৎত্
  ςσ`;

const FIRST_KATAKANA = 0x30a1;
const LAST_KATAKANA = 0x30f6;
const KANA_DISTANCE = 0x60;

/** The replacement of each letter that neither decomposition nor case folding changes. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ...LETTER_FORMS.trim()
    .split(/\s+/)
    .map((form): [string, string] => [form.charAt(0), form.slice(1)]),
  ...Array.from({ length: LAST_KATAKANA - FIRST_KATAKANA + 1 }, (_, i): [string, string] => [
    String.fromCodePoint(FIRST_KATAKANA + i),
    String.fromCodePoint(FIRST_KATAKANA + i - KANA_DISTANCE),
  ]),
]);

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
