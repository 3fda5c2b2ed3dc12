import { describe, expect, it } from 'vitest';
import { foldText, isBlank, isSearchable, trimText, visibleText, wordsOf } from './index.ts';

const CODES = Array.from({ length: 0x110000 }, (_, code) => code).filter(
  (code) => code < 0xd800 || code > 0xdfff,
);
const IGNORABLE = charactersOf(/\p{Default_Ignorable_Code_Point}/u);
// Ideographs and Korean syllables are many, and have no case.
const CHARACTERS = charactersOf(/[^\p{Cn}\p{Co}\p{Unified_Ideograph}\p{sc=Tang}\uac00-\ud7a3]/u);

function charactersOf(kind: RegExp): string[] {
  return CODES.map((code) => String.fromCodePoint(code)).filter((each) => kind.test(each));
}

describe('foldText', () => {
  it.each([
    ['Kaʻaʻawa', 'kaaawa'],
    ...[
      "O'Brien",
      'O’Brien',
      'O‘Brien',
      'OʹBrien',
      'OʻBrien',
      'OʼBrien',
      'OʾBrien',
      'OʿBrien',
      'O`Brien',
      'O´Brien',
      'O′Brien',
      'O＇Brien',
      'O՚Brien',
      'OꞌBrien',
      'O΄Brien',
      'OʔBrien',
      'O❜Brien',
    ].map((name): [string, string] => [name, 'obrien']),
    ['צ׳רלי', 'צרלי'],
  ])('apostrophes: folds %s to %s', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it.each([
    ['WEIẞ Weiß WEISS', 'weiss weiss weiss'],
    ['ﬁnn ﬂora ŉ', 'finn flora n'],
    ['İSTANBUL ISTANBUL ıstanbul', 'istanbul istanbul istanbul'],
    ['ΟΔΥΣΣΕΥΣ Οδυσσεύς', 'οδυσσευσ οδυσσευσ'],
    ['ШЕВЧЕНКО ՇԻՐԱԿ ᲗᲐᲛᲐᲠ 𐐀', 'шевченко շիրակ თამარ 𐐨'],
    ['ǅemal Ǆ', 'dzemal dz'],
  ])('capitals: folds %s to %s', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it('capitals: folds both cases of every character to one text', () => {
    const differing = CHARACTERS.filter(
      (each) =>
        foldText(each.toUpperCase()) !== foldText(each) || foldText(each.toLowerCase()) !== foldText(each),
    );
    expect(differing).toEqual([]);
  });

  it.each([
    ['Søren Ærø Łukasz Đặng Þóra Œuvre Ħal Ŧor Ŋa', 'soren aero lukasz dang thora oeuvre hal tor na'],
    ['Ｆｕｌｌ　ﾀﾅｶ タナカ', 'full たなか たなか'],
    ['Jean‐Pierre Jean‑Pierre Jean–Pierre Jean−Pierre', 'jean pierre jean pierre jean pierre jean pierre'],
    ['Gal·la 玛丽·居里 マリー・キュリー', 'galla 玛丽 居里 まりー きゅりー'],
    ['Əliyev ɓoye', 'eliyev boye'],
    ['علی كريم', 'علي كريم'],
    ['ज़ाकिर ड़ শ্রেয়া', 'जाकिर ड শ্রেযা'],
    ['װאַסערמאַן ױ ײ', 'וואסערמאן וי יי'],
    ['Ⱥda Ɡ ꞩ ꜳ Ꝏ', 'ada g s aa oo'],
    ['Gal·la Gal⋅la Gal•la Gaŀla Jean˗Luc', 'galla galla galla galla jean luc'],
    ['50%_off a\\b #1', '50%_off a\\b #1'],
  ])('folded-names: folds %s to %s', (text, folded) => {
    expect(foldText(text)).toBe(folded.normalize('NFKD'));
  });

  it('folded-names: keeps the vowel marks of scripts that require them', () => {
    for (const [one, other] of [
      ['किरण', 'करण'],
      ['มานี', 'มานะ'],
      ['ハナ', 'バナ'],
    ] as const)
      expect(foldText(one)).not.toBe(foldText(other));
  });

  it('folded-names: does not change a folded text', () => {
    expect(CHARACTERS.filter((each) => foldText(foldText(each)) !== foldText(each))).toEqual([]);
  });

  it('invisible: ignores invisible characters at any position', () => {
    expect(IGNORABLE.length).toBeGreaterThan(4000);
    expect(IGNORABLE.filter((each) => foldText(`${each}Jo${each}hanna${each}`) !== 'johanna')).toEqual([]);
    expect(foldText('علی\u200cرضا')).toBe(foldText('علیرضا'));
    // Spellings from before Unicode had these letters.
    for (const [old, letter] of [
      ['മോഹന്\u200d', 'മോഹൻ'],
      ['ত্\u200d', 'ৎ'],
    ] as const)
      expect(foldText(old)).toBe(foldText(letter));
    expect(wordsOf('Jo\u0007hanna\tKing')).toEqual(['johanna', 'king']);
  });
});

describe('isBlank', () => {
  it('invisible: is true for texts without a visible character, and for no others', () => {
    for (const text of [
      '',
      ' ',
      '\u200b',
      '\u200b \u2060\u00ad',
      '\u3164',
      '\u115f\u1160',
      '\u2800',
      '\ufeff',
      '\u{e0041}',
      '\t\n',
    ])
      expect([text, isBlank(text), trimText(text)]).toEqual([text, true, '']);
    for (const text of ['a', '\u200ba', '.', '\u0301', '🍕', '-'])
      expect([text, isBlank(text)]).toEqual([text, false]);
  });

  it('invisible: keeps the inner part of a text', () => {
    expect(trimText(' علی\u200cرضا ')).toBe('علی\u200cرضا');
    expect(visibleText('\u202a+1 212\u202c ')).toBe('+1 212');
  });
});

describe('isSearchable', () => {
  it('short-names: is true for one character that is a word or a syllable, and for two others', () => {
    for (const query of ['李', '金', '김', 'あ', 'ア', 'አ', '🍕', '李\u200b', ' 李 ', 'ab', 'Ý a'])
      expect([query, isSearchable(query)]).toEqual([query, true]);
    for (const query of [
      '',
      'a',
      'é',
      'e\u0301',
      'ß',
      'я',
      'ع',
      'ก',
      'ㄱ',
      '1',
      '%',
      ' a ',
      'a\u200b',
      '\u200b\u2060\u200b',
    ])
      expect([query, isSearchable(query)]).toEqual([query, false]);
  });
});
