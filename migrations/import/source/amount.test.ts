import { describe, expect, it } from 'vitest';
import { toMinorUnits } from './amount.ts';

const EUR = { code: 'EUR', decimals: 2 };

describe('toMinorUnits', () => {
  it.for([
    ['107.42', 3, 32_226n],
    ['75', 2, 15_000n],
    ['120.6', 1, 12_060n],
    ['0', 7, 0n],
    ['75', 0, 0n],
    // 1.005 * 100 is 100.49999999999999 in floating point.
    ['1.005', 1, 101n],
    ['1.0049', 1, 100n],
    // 0.1 * 3 is 0.30000000000000004 in floating point.
    ['0.1', 3, 30n],
    ['-6.38', 1, -638n],
    ['-0.005', 1, -1n],
    [' 5400 ', 999, 539_460_000n],
    ['999999999.999999999999999', 9_999, 999_900_000_000_000n],
  ] as const)('takes %s for %i nights as %i cents', ([rate, nights, cents]) => {
    expect(toMinorUnits(rate, nights, EUR)).toBe(cents);
  });

  it('rounds once, after multiplying', () => {
    expect(toMinorUnits('0.333', 3, EUR)).toBe(100n);
  });

  it("follows the currency's decimals", () => {
    expect(toMinorUnits('107.42', 1, { code: 'JPY', decimals: 0 })).toBe(107n);
    expect(toMinorUnits('107.42', 1, { code: 'KWD', decimals: 3 })).toBe(107_420n);
  });

  it.for(['', 'NA', '1,5', '1e3', '0x10', '.5', '5.', '1 000', '--1', '1000000000'])(
    'knows no number in "%s"',
    (rate) => {
      expect(toMinorUnits(rate, 1, EUR)).toBeUndefined();
    },
  );
});
