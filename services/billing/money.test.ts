import { CURRENCIES } from '@rollcall/contract/currencies';
import { describe, expect, it } from 'vitest';
import {
  formatStripeAmount,
  fromStripeAmount,
  isWhole,
  paymentFaultOf,
  refundFaultOf,
  STRIPE_UNITS,
  stepOf,
  toStripeAmount,
} from './money.ts';

const money = (currencyCode: string, minorUnits: bigint) => ({ currencyCode, minorUnits });

describe('an amount for Stripe', () => {
  it.each([
    ['EUR', 5400n, 5400n],
    ['HUF', 5401n, 5401n],
    ['TWD', 5401n, 5401n],
    ['JPY', 5400n, 5400n],
    ['XOF', 5400n, 5400n],
    ['ISK', 5400n, 540_000n],
    ['UGX', 5400n, 540_000n],
    ['MGA', 540_000n, 5400n],
    ['KWD', 5120n, 5120n],
  ])('money-units: %s %i is sent as %i and read back the same', (currency, minorUnits, amount) => {
    expect(paymentFaultOf(money(currency, minorUnits))).toBeUndefined();
    expect(toStripeAmount(money(currency, minorUnits))).toBe(amount);
    expect(fromStripeAmount(currency, amount)).toEqual(money(currency, minorUnits));
  });

  it.each([
    [
      'KWD',
      5123n,
      'minor_units',
      'must be a multiple of 10 more than 0: Stripe takes no other amounts of KWD',
    ],
    [
      'MGA',
      5450n,
      'minor_units',
      'must be a multiple of 100 more than 0: Stripe takes no other amounts of MGA',
    ],
    ['EUR', 0n, 'minor_units', 'must be from 1 to 99999999'],
    ['EUR', -5n, 'minor_units', 'must be from 1 to 99999999'],
    ['EUR', 100_000_000n, 'minor_units', 'must be from 1 to 99999999'],
    ['ISK', 1_000_000n, 'minor_units', 'must be from 1 to 999999'],
    ['KWD', 99_999_999n, 'minor_units', 'must be from 1 to 99999990'],
    ['CLF', 10_000n, 'currency_code', 'must be a currency that Stripe takes'],
    ['LYD', 5120n, 'currency_code', 'must be a currency that Stripe takes'],
    ['IQD', 5120n, 'currency_code', 'must be a currency that Stripe takes'],
    ['HRK', 5400n, 'currency_code', 'must be a currency that Stripe takes'],
    ['CHE', 5400n, 'currency_code', 'must be a currency that Stripe takes'],
    ['ZZZ', 5400n, 'currency_code', 'must be a currency that Stripe takes'],
    ['constructor', 5400n, 'currency_code', 'must be a currency that Stripe takes'],
  ])('money-units: %s %i is refused before it is sent', (currency, minorUnits, field, rule) => {
    expect(paymentFaultOf(money(currency, minorUnits))).toEqual({ field, rule });
  });

  it('money-units: has at most the digits that Stripe accepts in a currency', () => {
    for (const [currency, most] of [
      ['IDR', 999_999_999_999n],
      ['COP', 9_999_999_999n],
      ['INR', 999_999_999n],
      ['MGA', 9_999_999_900n],
    ] as const) {
      expect(paymentFaultOf(money(currency, most))).toBeUndefined();
      expect(paymentFaultOf(money(currency, most + stepOf(currency)))?.field).toBe('minor_units');
    }
  });

  it('money-units: can be refunded in a currency that was withdrawn since', () => {
    expect(refundFaultOf(money('HRK', 5400n))).toBeUndefined();
    expect(refundFaultOf(money('KWD', 5123n))?.field).toBe('minor_units');
    expect(refundFaultOf(money('KWD', 0n))?.field).toBe('minor_units');
  });
});

describe('every currency of ISO 4217', () => {
  // As listed on Stripe's page, so that the table is compared with an independent source.
  const listed = (codes: string) => new Set(codes.split(' '));
  const whole = listed('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF');
  const three = listed('BHD JOD KWD OMR TND');
  const codes = [...CURRENCIES.values()];

  it.each(codes.map(({ code, decimals, kind }) => [code, decimals, kind] as const))(
    'money-units: %s with %i decimals (%s) is converted by Stripe’s rules in both directions, or refused',
    (code, decimals, kind) => {
      const stripeDecimals = whole.has(code) ? 0 : three.has(code) ? 3 : 2;
      const isTaken = kind === 'active' && !['IQD', 'LYD', 'UYW', 'CLF'].includes(code);
      // 70 units of the currency: a multiple of every step.
      const asked = money(code, 70n * 10n ** BigInt(decimals));
      expect(paymentFaultOf(asked) === undefined).toBe(isTaken);
      if (!isTaken) return;
      const amount = toStripeAmount(asked);
      expect(amount).toBe(70n * 10n ** BigInt(stripeDecimals));
      expect(fromStripeAmount(code, amount)).toEqual(asked);
      expect(formatStripeAmount(code, amount)).toMatch(/^70(\.0+)? [A-Z]{3}$/);
      for (const each of [1n, 2n, 5n].map((n) => n * stepOf(code)))
        expect(fromStripeAmount(code, toStripeAmount(money(code, each)))).toEqual(money(code, each));
    },
  );

  it('money-units: Stripe’s amounts are whole in minor units, except fractions of ISK and UGX', () => {
    const fractional = [...STRIPE_UNITS.keys()].filter((code) => !isWhole(code, 1n));
    expect(fractional.sort()).toEqual(['ISK', 'UGX']);
  });
});

describe('an amount with a fraction of a minor unit', () => {
  it('money-units: is rounded towards 0, and formatted in full', () => {
    expect(fromStripeAmount('ISK', 5450n)).toEqual(money('ISK', 54n));
    expect(fromStripeAmount('ISK', -5450n)).toEqual(money('ISK', -54n));
    expect(isWhole('ISK', 5450n)).toBe(false);
    expect(isWhole('ISK', 5400n)).toBe(true);
    expect(formatStripeAmount('ISK', 5450n)).toBe('54.50 ISK');
    expect(formatStripeAmount('KWD', 5123n)).toBe('5.123 KWD');
  });
});
