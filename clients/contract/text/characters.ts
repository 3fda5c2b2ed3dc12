/**
 * Invisible characters that separate nothing: default-ignorable ones of Unicode, controls except line breaks
 * and tabs, annotation marks, BRAILLE PATTERN BLANK and a null note head.
 */
export const INVISIBLE =
  /[\p{Default_Ignorable_Code_Point}[\p{Cc}--[\t-\r\x85]]\u2800\ufff9-\ufffb\u{1d159}]/v;

/** Invisible characters that separate words. */
export const SPACE = /[\p{Z}\t-\r\x85]/v;

/**
 * Signs for an apostrophe, a glottal stop or a soft sign, and the Arabic tatweel, which only lengthens a
 * word. Unicode has no property for them: some are letters (`ʔ`), others punctuation.
 */
export const APOSTROPHES =
  /['`´ʹ-ˏˮ՚׳״ـ\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u0241\u0242\u0294\u0384\u2018\u2019\u201b\u2032-\u2037\u05f3\u05f4ߴߵꞋꞌ\u275b\u275c\uff07\uff40]/v;

/**
 * Marks that folding removes: accents, optional vowel points, and the dot below Indic letters (nukta). Kept
 * are the vowel marks of Thai or Devanagari, the two that change a kana syllable, and the Greek iota below a
 * letter.
 */
export const ACCENTS =
  /[[[\p{M}&&[\p{sc=Zinh}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Copt}\p{sc=Glag}\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}]]\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc]--[\u0345\u3099\u309a]]/v;

/** Spaces and punctuation between words. `% _ \ @ # *` and other signs are characters of a name. */
export const SEPARATORS = /[[\p{P}\p{Z}\t-\r\x85\u02d7\u2000-\u206f\u2212\u2219\u22c5<>\|]--[%_\\@#*]]/v;

/**
 * Letters of scripts without spaces between names. In Korean the given name follows the family name directly.
 */
export const SPACELESS =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}\p{sc=Yiii}\p{sc=Lana}\p{sc=Talu}\p{sc=Tale}\p{sc=Tavt}\p{sc=Java}\p{sc=Bali}\p{sc=Tang}\p{sc=Nshu}\u30fc\u3099\u309a]/v;

/** Letters of alphabets, abjads and abugidas: one of them is a sound, and no word or syllable. */
export const ALPHABETIC =
  /[[\p{L}\p{M}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Yiii}\p{sc=Ethi}\p{sc=Cher}\p{sc=Cans}\p{sc=Vaii}\p{sc=Tang}\p{sc=Nshu}\uac00-\ud7a3\u30fc]]/v;
