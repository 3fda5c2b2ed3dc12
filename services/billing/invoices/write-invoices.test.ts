import { describe, expect, it } from 'vitest';
import type { InvoiceLine } from './invoice.ts';
import { totalOfLines } from './write-invoices.ts';

const line = (minorUnits: bigint, currencyCode = 'EUR'): InvoiceLine => ({
  description: 'Room',
  amount: { currencyCode, minorUnits },
  bookingId: null,
});

describe('totalOfLines', () => {
  it('is exact beyond the range of a number, and subtracts deductions', () => {
    expect(totalOfLines([line(9_007_199_254_740_993n), line(-1n)])).toEqual({
      ...{ currencyCode: 'EUR', minorUnits: 9_007_199_254_740_992n },
    });
    expect(totalOfLines([line(5n), line(-5n)]).minorUnits).toBe(0n);
  });

  it.each<[string, InvoiceLine[], string]>([
    ['another currency', [line(1n), line(1n, 'USD')], 'lines[1].amount.currency_code'],
    ['a sum of less than nothing', [line(1n), line(-2n)], 'lines'],
    ['a sum that no column holds', [line(2n ** 63n - 1n), line(1n)], 'lines'],
  ])('refuses %s, and names the field', (_what, lines, field) => {
    expect(() => totalOfLines(lines)).toThrow(
      expect.objectContaining({ reason: 'LINES_INVALID', faults: { [field]: expect.any(String) } }),
    );
  });
});
