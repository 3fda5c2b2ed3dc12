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

  it('keeps the whole name to show', () => {
    expect(splitName(' Mrs.  Debra Jackson DDS ').displayName).toBe('Mrs. Debra Jackson DDS');
  });
});
