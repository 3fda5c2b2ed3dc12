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
export const LETTERS: ReadonlyMap<string, string> = new Map([
  ...LETTER_FORMS.trim()
    .split(/\s+/)
    .map((form): [string, string] => [form.charAt(0), form.slice(1)]),
  ...Array.from({ length: LAST_KATAKANA - FIRST_KATAKANA + 1 }, (_, i): [string, string] => [
    String.fromCodePoint(FIRST_KATAKANA + i),
    String.fromCodePoint(FIRST_KATAKANA + i - KANA_DISTANCE),
  ]),
]);
