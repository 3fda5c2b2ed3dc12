import { describe, expect, it } from 'vitest';
import { readStatus } from './hotel-bookings/hotel-bookings.ts';
import { readCurrency } from './source/amount.ts';
import { readHeader } from './source/header.ts';
import { kindOf } from './source/open-source.ts';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

describe.each(NAMES)('the name %s, which every object inherits,', (name) => {
  it('B7: is no status of a booking, no kind of file and no currency', () => {
    expect(() => readStatus({ reservation_status: name, is_canceled: '0' })).toThrow('none of Check-Out');
    expect(() => kindOf(name)).toThrow('There is no kind of file');
    expect(() => readCurrency(name)).toThrow('is not a currency');
  });

  it('B7: is a column like any other that is not used', () => {
    const kind = kindOf('hotel-bookings');
    const text = [...kind.required, name].join(',');
    const line = { text, number: 1, endByte: text.length, fault: undefined } as never;
    const { width, columns } = readHeader(line, { kind, kindName: 'hotel-bookings', path: 'x.csv' });
    expect(width).toBe(kind.required.length + 1);
    expect(columns.map(([column]) => column)).not.toContain(name);
  });
});
