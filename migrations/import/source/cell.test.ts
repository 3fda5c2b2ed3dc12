import { describe, expect, it } from 'vitest';
import { isErrorValue, isSerialDate, textOf, wholeNumberOf } from './cell.ts';

describe('cells of a spreadsheet', () => {
  it.each([
    ['  Ada ', 'Ada'],
    ['="0049 30 1"', '0049 30 1'],
    ['="', '="'],
    ['', ''],
  ])('sheet-files: %j says %j', (cell, text) => {
    expect(textOf(cell)).toBe(text);
  });

  it.each([
    ['2015.0', '2015'],
    ['0.00', '0'],
    [' 7 ', '7'],
    ['2015.5', '2015.5'],
    ['.0', '.0'],
  ])('sheet-files: the whole number in %j is %j', (cell, text) => {
    expect(wholeNumberOf(cell)).toBe(text);
  });

  it.each([
    '#N/A',
    '#REF!',
    '#VALUE!',
    '#DIV/0!',
    '#NAME?',
    '#NUM!',
    '#NULL!',
    '#SPILL!',
    '#GETTING_DATA',
    '#NV',
    '#BEZUG!',
    '######',
    'Err:502',
    ' #N/A ',
  ])('sheet-files: %s is an error value', (cell) => {
    expect(isErrorValue(cell)).toBe(true);
  });

  it.each(['', '#', '#5', '#1 Hotel', 'N/A', '# Ada', '#ada', 'Room #12'])(
    'sheet-files: "%s" is none',
    (cell) => {
      expect(isErrorValue(cell)).toBe(false);
    },
  );

  it('sheet-files: a serial number of a date is told from a year', () => {
    expect(['42186', '42186.5'].every(isSerialDate)).toBe(true);
    expect(['2015', '1', '107.42', '421860'].some(isSerialDate)).toBe(false);
  });
});
