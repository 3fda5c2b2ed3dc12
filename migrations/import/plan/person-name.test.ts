import { describe, expect, it } from 'vitest';
import { splitName } from './person-name.ts';

describe('splitName', () => {
  it.for([
    ['Ada King', 'Ada', 'King'],
    ['  Ada   Mary King ', 'Ada Mary', 'King'],
    ['Mrs. Debra Jackson DDS', 'Debra', 'Jackson'],
    ['Dr. Victor Martin', 'Victor', 'Martin'],
    ['Christopher Briggs Jr.', 'Christopher', 'Briggs'],
    ['Ada King, Ph.D.', 'Ada', 'King'],
    ['Prince', 'Prince', ''],
    ['Dr. No', 'No', ''],
    ['Dr. MD', 'Dr.', 'MD'],
    ['Miss', 'Miss', ''],
    ['', '', ''],
  ] as const)('splits "%s" into "%s" and "%s"', ([name, firstName, lastName]) => {
    expect(splitName(name)).toMatchObject({ firstName, lastName });
  });

  it.for([
    ['King, Ada', 'Ada', 'King', 'Ada King'],
    [' King ,Ada ', 'Ada', 'King', 'Ada King'],
    ['King, Ada M.', 'Ada M.', 'King', 'Ada M. King'],
    ['van der Berg, Jan', 'Jan', 'van der Berg', 'Jan van der Berg'],
    ['Sánchez García, María José', 'María José', 'Sánchez García', 'María José Sánchez García'],
    ['King, Jr., Ada', 'Ada', 'King', 'Ada King Jr.'],
    ['King, Ada, Jr.', 'Ada', 'King', 'Ada King Jr.'],
    ['King Jr., Ada', 'Ada', 'King', 'Ada King Jr.'],
    ['King, Dr. Ada MD', 'Ada', 'King', 'Dr. Ada King MD'],
    ['Dr. King, Ada', 'Ada', 'King', 'Dr. Ada King'],
    ['King, Ada, Mrs.', 'Ada', 'King', 'Mrs. Ada King'],
    ['King, Ada, Countess', 'Ada', 'King', 'King, Ada, Countess'],
    ['王，小明', '小明', '王', '小明 王'],
    ['King,', '', 'King', 'King'],
    ['King, Jr.', '', 'King', 'King, Jr.'],
    ['King, Mrs.', '', 'King', 'King, Mrs.'],
    [', Ada', 'Ada', '', 'Ada'],
    ['Dr. Ada King, MD, Ph.D.', 'Ada', 'King', 'Dr. Ada King, MD, Ph.D.'],
    ['Acme, Inc.', 'Acme', '', 'Acme, Inc.'],
    [' , , ', '', '', ''],
  ] as const)(
    'sheet-files: splits "%s" into "%s" and "%s", and shows "%s"',
    ([name, firstName, lastName, displayName]) => {
      expect(splitName(name)).toEqual({ firstName, lastName, displayName });
    },
  );

  it.for([
    ['\u200b', '', ''],
    ['Ada \u2060 King', 'Ada', 'King'],
    ['Ｄｒ． Ada King ＭＤ', 'Ada', 'King'],
    ['علی\u200cرضا کریمی', 'علی\u200cرضا', 'کریمی'],
    ['李　小明', '李', '小明'],
  ] as const)('invisible: splits %j into %j and %j', ([name, firstName, lastName]) => {
    expect(splitName(name)).toMatchObject({ firstName, lastName });
  });

  it('keeps the whole name to show', () => {
    expect(splitName(' Mrs.  Debra Jackson DDS ').displayName).toBe('Mrs. Debra Jackson DDS');
  });
});
