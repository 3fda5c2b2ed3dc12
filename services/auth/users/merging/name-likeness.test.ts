import { describe, expect, it } from 'vitest';
import { nameLikeness } from './name-likeness.ts';

const named = (name: string) => {
  const [firstName = '', lastName = ''] = name.split('/');
  return { firstName, lastName };
};
const compare = (one: string, other: string) => [
  nameLikeness(named(one), named(other)),
  nameLikeness(named(other), named(one)),
];

describe('nameLikeness', () => {
  it.each([
    ['Søren/Sørensen', 'Soren/Sørensen'],
    ['José/García', 'jose/garcia'],
    ['Łukasz/Weiß', 'LUKASZ/WEIẞ'],
    ["Sinead/O'Connor", 'Sinéad/OʼConnor'],
    ['Þóra/Æsa', 'Thora/Aesa'],
    ['Jo\u200bhanna/Voß', 'Johanna/VOSS'],
    ['علی\u200cرضا/کریمی', 'عليرضا/كريمي'],
    ['ﾀﾛｳ/ﾀﾅｶ', 'たろう/たなか'],
    ['Đặng/Nguyễn', 'Dang/Nguyen'],
  ])('folded-names: takes %s and %s for one name', (one, other) => {
    expect(compare(one, other)).toEqual(['SAME', 'SAME']);
  });

  it.each([
    ['Ada/Lovelace', 'Lovelace/Ada'],
    ['Anna Maria/Silva', 'Anna/Maria Silva'],
    ['Anna-Maria/Silva', 'Annamaria/Silva'],
    ['Ada Lovelace/', 'Ada/Lovelace'],
    ['/Ada Lovelace', 'Ada/Lovelace'],
    ['Anna/Schwarzenberger', 'Anna/Schwartzenberger'],
    ['Anna/Meyer', 'Anna/Meier'],
    ['小明/李', '李小明/'],
    ['小明/李', '李/小明'],
    ['민수/김', '김민수/'],
  ])('takes %s and %s for one name with its parts in other fields', (one, other) => {
    expect(compare(one, other)).toEqual(['SAME', 'SAME']);
  });

  it.each([
    ['Jon/Smith', 'John/Smith'],
    ['Katherine/Johnson', 'Catherine/Johnson'],
    ['Anna/Schwarzenberger', 'Anne/Schwarzenberger'],
    ['A./Schwarzenberger', 'Anna/Schwarzenberger'],
    ['Anna M./Schwarzenberger', 'Anna Maria/Schwarzenberger'],
    ['Anna Maria/Schwarzenberger', 'Anna/Schwarzenberger'],
    ['Jon Smith/', 'John/Smith'],
    ['Smith/Jon', 'John/Smith'],
    ['José/García', 'José/García López'],
    ['Suharto/', 'Suharto/'],
    ['Schwarzenberger/Anne', 'Anna/Schwarzenberger'],
    ['किरण/शर्मा', 'करण/शर्मा'],
    ['José María/López', 'María José/López'],
    ['小 明/李', '明 小/李'],
    ['Wei/Lin', 'Wei/Liu'],
    ['Anna/Lee', 'Anna/Leo'],
  ])('takes %s and %s for names that may be one', (one, other) => {
    expect(compare(one, other)).toEqual(['NEAR', 'NEAR']);
  });

  it.each([
    ['Anna/Schwarzenberger', 'Hans/Schwarzenberger'],
    ['Anna Schwarzenberger/', 'Hans Schwarzenberger/'],
    ['/Anna Schwarzenberger', '/Hans Schwarzenberger'],
    ['/Schwarzenberger', '/Schwarzenberger'],
    ['/Müller Schwarzenberger', '/Müller Schwarzenberger'],
    ['Anna/Schwarzenberger', '/Schwarzenberger'],
    ['Anna Maria/Schwarzenberger', 'Anna Sophie/Schwarzenberger'],
    ['A./Schwarzenberger', 'Hans/Schwarzenberger'],
    ['Hans/Schwarzenberger', 'Schwarzenberger/Anna'],
    ['小明/李', '小红/李'],
    ['민수/김', '민주/김'],
    ['Ann/Lee', 'Dan/Lee'],
    ['Ada/Lovelace', 'Grace/Hopper'],
    ['Ada/', '/'],
    ['/', '/'],
    ['\u200b/\u2060', '\u200b/\u2060'],
  ])('does not take %s and %s for one name', (one, other) => {
    expect(compare(one, other)).toEqual(['NONE', 'NONE']);
  });
});
