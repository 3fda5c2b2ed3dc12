import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Money, Payment } from '../bookings/booking.ts';
import { isNewerPayment, matchOf, type PaymentMatch, withMainCurrency } from './payment-match.ts';

const AMOUNT: Money = { currencyCode: 'EUR', minorUnits: 5400n };
const euros = (paid: bigint, refunded = 0n, revision = 1n): Payment => {
  return { currencyCode: 'EUR', paid, refunded, revision, others: [] };
};
const yen = { currencyCode: 'JPY', paid: 1n, refunded: 0n };
const dollars = { currencyCode: 'USD', paid: 5n, refunded: 0n };

it.each<[PaymentMatch, Money | null, Payment | null]>([
  ['NOTHING', AMOUNT, null],
  ['NOTHING', AMOUNT, euros(0n)],
  ['PARTIAL', AMOUNT, euros(5399n)],
  ['PARTIAL', AMOUNT, { ...euros(1n), others: [yen] }],
  ['FULL', AMOUNT, euros(5400n)],
  ['FULL', AMOUNT, euros(5500n, 100n)],
  ['FULL', AMOUNT, euros(5400n, 5400n)],
  ['EXCESS', AMOUNT, euros(5401n)],
  ['OTHER_CURRENCY', AMOUNT, { ...yen, revision: 1n, others: [] }],
  ['OTHER_CURRENCY', AMOUNT, { ...yen, revision: 1n, others: [dollars] }],
  ['OTHER_CURRENCY', AMOUNT, { ...euros(0n), others: [yen] }],
  ['AMOUNT_UNKNOWN', null, euros(1n)],
])('foreign-money: returns %s', (match, amount, payment) => {
  expect(matchOf({ amount, payment })).toBe(match);
});

it('foreign-money: makes the currency of the amount the main one, whichever was reported first', () => {
  const payment = {
    ...yen,
    revision: 3n,
    others: [dollars, { currencyCode: 'EUR', paid: 7n, refunded: 0n }],
  };
  expect(withMainCurrency(AMOUNT, payment)).toEqual({ ...euros(7n), revision: 3n, others: [yen, dollars] });
  expect(withMainCurrency(null, payment)).toMatchObject({
    currencyCode: 'JPY',
    others: [{ paid: 7n }, dollars],
  });
});

describe('isNewerPayment', () => {
  const payments = fc.record({
    others: fc.constantFrom([], [yen], [{ ...yen, paid: 2n }]),
    currencyCode: fc.constantFrom('EUR', 'USD'),
    paid: fc.bigInt(0n, 3n),
    refunded: fc.bigInt(0n, 3n),
    revision: fc.bigInt(0n, 3n),
  });

  it('goes by the revision', () => {
    expect(isNewerPayment(euros(0n, 0n, 2n), euros(5n, 5n, 1n))).toBe(true);
    expect(isNewerPayment(euros(5n, 5n, 1n), euros(0n, 0n, 2n))).toBe(false);
    expect(isNewerPayment(euros(5n), null)).toBe(true);
  });

  it('refuses an equal payment', () => {
    fc.assert(fc.property(payments, (each) => !isNewerPayment(each, { ...each })));
  });

  it('leaves one payment last in any order of reports, also at equal revisions', () => {
    const lastOf = (all: readonly Payment[]) =>
      all.reduce<Payment | null>((last, each) => (isNewerPayment(each, last) ? each : last), null);
    const shuffled = fc
      .array(payments, { minLength: 1, maxLength: 6 })
      .chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([all, again]) => {
        expect(lastOf(again)).toEqual(lastOf(all));
      }),
    );
  });
});
