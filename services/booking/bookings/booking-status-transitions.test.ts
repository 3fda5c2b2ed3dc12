import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookingStatus, Money, Payment } from './booking.ts';
import { NEXT_STATUSES, statusOf } from './booking-status-transitions.ts';

const AMOUNT: Money = { currencyCode: 'EUR', minorUnits: 1000n };

function payment(paid: bigint, refunded = 0n, revision = 1n): Payment {
  return { currencyCode: 'EUR', paid, refunded, revision, others: [] };
}

function foreign(paid: bigint, refunded = 0n): Payment {
  return { ...payment(paid, refunded), currencyCode: 'JPY' };
}

describe('the statuses that a caller may set', () => {
  it('follow the table: none leads back to PENDING or out of REFUNDED', () => {
    expect(NEXT_STATUSES).toEqual({
      PENDING: ['PAID', 'CANCELLED'],
      PAID: ['COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED'],
      COMPLETED: ['ATTENDED', 'REFUNDED'],
      ATTENDED: ['REFUNDED'],
      CANCELLED: ['REFUNDED'],
      REFUNDED: [],
    });
  });
});

describe('statusOf', () => {
  it.each<[string, Payment | null, Money | null, BookingStatus]>([
    ['no payment was reported', null, AMOUNT, 'PENDING'],
    ['nothing was paid', payment(0n), AMOUNT, 'PENDING'],
    ['a part was paid', payment(999n), AMOUNT, 'PENDING'],
    ['all of it was paid', payment(1000n), AMOUNT, 'PAID'],
    ['a part of it was refunded', payment(1000n, 999n), AMOUNT, 'PAID'],
    ['all of it was refunded', payment(1000n, 1000n), AMOUNT, 'REFUNDED'],
    ['all of a part was refunded', payment(10n, 10n), AMOUNT, 'REFUNDED'],
    ['anything was paid and the amount is not known', payment(1n), null, 'PAID'],
    ['foreign-money: anything was paid in another currency', foreign(1n), AMOUNT, 'PENDING'],
    ['foreign-money: much was paid in another currency', foreign(10_000n), AMOUNT, 'PENDING'],
    ['foreign-money: all money in another currency was refunded', foreign(1n, 1n), AMOUNT, 'PENDING'],
    [
      'foreign-money: the amount was paid beside money in another currency',
      { ...payment(1000n), others: [foreign(1n)] },
      AMOUNT,
      'PAID',
    ],
    [
      'foreign-money: the amount was refunded, and money in another currency was not',
      { ...payment(1000n, 1000n), others: [foreign(1n)] },
      AMOUNT,
      'REFUNDED',
    ],
    [
      'foreign-money: a part was paid beside more money in another currency',
      { ...payment(1n), others: [foreign(10_000n)] },
      AMOUNT,
      'PENDING',
    ],
    [
      'foreign-money: one of two currencies was refunded and the amount is not known',
      { ...payment(1n, 1n), others: [foreign(1n)] },
      null,
      'PAID',
    ],
    ['nothing was paid for an amount of 0', payment(0n), { ...AMOUNT, minorUnits: 0n }, 'PENDING'],
  ])('of a PENDING booking when %s', (_what, money, amount, status) => {
    expect(statusOf({ manualStatus: 'PENDING', amount, payment: money })).toBe(status);
  });

  it.each<BookingStatus>(['PAID', 'COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED'])(
    'stays %s as it was set, whatever is paid, unless all of it is refunded',
    (standing) => {
      for (const money of [null, payment(0n), payment(1n), payment(1000n), payment(1000n, 1n)])
        expect(statusOf({ manualStatus: standing, amount: AMOUNT, payment: money })).toBe(standing);
      expect(statusOf({ manualStatus: standing, amount: AMOUNT, payment: payment(1n, 1n) })).toBe('REFUNDED');
    },
  );
});

describe('statusOf payments in another currency', () => {
  it('foreign-money: follows their refund when a caller accepted them as the amount', () => {
    expect(statusOf({ manualStatus: 'PAID', amount: AMOUNT, payment: foreign(1n) })).toBe('PAID');
    expect(statusOf({ manualStatus: 'PAID', amount: AMOUNT, payment: foreign(1n, 1n) })).toBe('REFUNDED');
  });

  it('foreign-money: never becomes PAID, whatever is paid', () => {
    const money = fc.record({ currencyCode: fc.constantFrom('JPY', 'USD'), paid: fc.bigInt(0n, 10_000n) });
    fc.assert(
      fc.property(fc.array(money, { minLength: 1 }), ([first, ...rest]) => {
        const others = rest.map((each) => ({ ...each, refunded: 0n }));
        const received = {
          ...(first as { currencyCode: string; paid: bigint }),
          refunded: 0n,
          revision: 1n,
          others,
        };
        expect(statusOf({ manualStatus: 'PENDING', amount: AMOUNT, payment: received })).toBe('PENDING');
      }),
    );
  });
});
