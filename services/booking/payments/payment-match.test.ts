import { expect, it } from 'vitest';
import type { Money, Payment } from '../bookings/booking.ts';
import { matchOf, type PaymentMatch, withMainCurrency } from './payment-match.ts';

const AMOUNT: Money = { currencyCode: 'EUR', minorUnits: 5400n };
const euros = (paid: bigint, refunded = 0n): Payment => {
  return { currencyCode: 'EUR', paid, refunded, revision: 1n, others: [] };
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
])('foreign-money: says %s', (match, amount, payment) => {
  expect(matchOf({ amount, payment })).toBe(match);
});

it('foreign-money: puts what came in the currency of the amount first, whichever was told first', () => {
  const told = { ...yen, revision: 3n, others: [dollars, { currencyCode: 'EUR', paid: 7n, refunded: 0n }] };
  expect(withMainCurrency(AMOUNT, told)).toEqual({ ...euros(7n), revision: 3n, others: [yen, dollars] });
  expect(withMainCurrency(null, told)).toMatchObject({
    currencyCode: 'JPY',
    others: [{ paid: 7n }, dollars],
  });
});
