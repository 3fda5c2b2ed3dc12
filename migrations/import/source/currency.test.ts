import { describe, expect, it } from 'vitest';
import { readCurrency } from './amount.ts';

describe('readCurrency', () => {
  it.for([
    ['EUR', 2],
    ['usd', 2],
    ['JPY', 0],
    ['KWD', 3],
    // CLDR, and with it Intl, says 0.
    ['AFN', 2],
    ['HRK', 2],
    ['CLF', 4],
  ] as const)('knows that %s has %i decimals', ([code, decimals]) => {
    expect(readCurrency(code)).toEqual({ code: code.toUpperCase(), decimals });
  });

  it.for(['EURO', '', 'E1R', 'QQQ', 'XAU', 'XXX'])('refuses "%s" and names a cure', (code) => {
    expect(() => readCurrency(code)).toThrow(
      `--currency "${code}" is not a currency: give its ISO 4217 code`,
    );
  });
});
