import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookingStatus, Money, Payment } from './booking.ts';
import { isNewer, NEXT_STATUSES, statusOf } from './booking-status-transitions.ts';

const AMOUNT: Money = { currencyCode: 'EUR', minorUnits: 1000n };

function payment(paid: bigint, refunded = 0n, revision = 1n): Payment {
  return { currencyCode: 'EUR', paid, refunded, revision, others: [] };
}

function foreign(paid: bigint, refunded = 0n): Payment {
  return { ...payment(paid, refunded), currencyCode: 'JPY' };
}

describe('where people may move a booking', () => {
  it('is what the table says, and nothing leads back to PENDING or out of REFUNDED', () => {
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
    ['nothing was told', null, AMOUNT, 'PENDING'],
    ['nothing came in', payment(0n), AMOUNT, 'PENDING'],
    ['a part came in', payment(999n), AMOUNT, 'PENDING'],
    ['all of it came in', payment(1000n), AMOUNT, 'PAID'],
    ['a part of it went back', payment(1000n, 999n), AMOUNT, 'PAID'],
    ['all of it went back', payment(1000n, 1000n), AMOUNT, 'REFUNDED'],
    ['all of a part went back', payment(10n, 10n), AMOUNT, 'REFUNDED'],
    ['anything came in where no amount is known', payment(1n), null, 'PAID'],
    ['foreign-money: anything came in of another currency', foreign(1n), AMOUNT, 'PENDING'],
    ['foreign-money: much came in of another currency', foreign(10_000n), AMOUNT, 'PENDING'],
    ['foreign-money: all of another currency went back', foreign(1n, 1n), AMOUNT, 'PENDING'],
    [
      'foreign-money: all came in beside another currency',
      { ...payment(1000n), others: [foreign(1n)] },
      AMOUNT,
      'PAID',
    ],
    [
      'foreign-money: all went back, and another currency did not',
      { ...payment(1000n, 1000n), others: [foreign(1n)] },
      AMOUNT,
      'REFUNDED',
    ],
    [
      'foreign-money: a part came in beside more of another currency',
      { ...payment(1n), others: [foreign(10_000n)] },
      AMOUNT,
      'PENDING',
    ],
    [
      'foreign-money: one of two currencies went back where no amount is known',
      { ...payment(1n, 1n), others: [foreign(1n)] },
      null,
      'PAID',
    ],
    ['nothing came in for what costs nothing', payment(0n), { ...AMOUNT, minorUnits: 0n }, 'PENDING'],
  ])('of a booking that is PENDING once %s', (_what, money, amount, status) => {
    expect(statusOf({ manualStatus: 'PENDING', amount, payment: money })).toBe(status);
  });

  it.each<BookingStatus>(['PAID', 'COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED'])(
    'stays %s as people said, whatever comes in, unless all of it went back',
    (standing) => {
      for (const money of [null, payment(0n), payment(1n), payment(1000n), payment(1000n, 1n)])
        expect(statusOf({ manualStatus: standing, amount: AMOUNT, payment: money })).toBe(standing);
      expect(statusOf({ manualStatus: standing, amount: AMOUNT, payment: payment(1n, 1n) })).toBe('REFUNDED');
    },
  );
});

describe('statusOf money in another currency', () => {
  it('foreign-money: follows where people took it for the amount and it went back', () => {
    expect(statusOf({ manualStatus: 'PAID', amount: AMOUNT, payment: foreign(1n) })).toBe('PAID');
    expect(statusOf({ manualStatus: 'PAID', amount: AMOUNT, payment: foreign(1n, 1n) })).toBe('REFUNDED');
  });

  it('foreign-money: never makes a booking PAID, whatever came in', () => {
    const money = fc.record({ currencyCode: fc.constantFrom('JPY', 'USD'), paid: fc.bigInt(0n, 10_000n) });
    fc.assert(
      fc.property(fc.array(money, { minLength: 1 }), ([first, ...rest]) => {
        const others = rest.map((each) => ({ ...each, refunded: 0n }));
        const told = {
          ...(first as { currencyCode: string; paid: bigint }),
          refunded: 0n,
          revision: 1n,
          others,
        };
        expect(statusOf({ manualStatus: 'PENDING', amount: AMOUNT, payment: told })).toBe('PENDING');
      }),
    );
  });
});

describe('isNewer', () => {
  const payments = fc.record({
    others: fc.constantFrom([], [foreign(1n)], [foreign(2n)]),
    currencyCode: fc.constantFrom('EUR', 'USD'),
    paid: fc.bigInt(0n, 3n),
    refunded: fc.bigInt(0n, 3n),
    revision: fc.bigInt(0n, 3n),
  });

  it('goes by the revision', () => {
    expect(isNewer(payment(0n, 0n, 2n), payment(5n, 5n, 1n))).toBe(true);
    expect(isNewer(payment(5n, 5n, 1n), payment(0n, 0n, 2n))).toBe(false);
    expect(isNewer(payment(5n), null)).toBe(true);
  });

  it('changes nothing for the same again', () => {
    fc.assert(fc.property(payments, (told) => !isNewer(told, { ...told })));
  });

  it('leaves the same telling last whatever their order, also of those that claim the same revision', () => {
    const lastOf = (told: readonly Payment[]) =>
      told.reduce<Payment | null>((last, each) => (isNewer(each, last) ? each : last), null);
    const shuffled = fc
      .array(payments, { minLength: 1, maxLength: 6 })
      .chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([told, again]) => {
        expect(lastOf(again)).toEqual(lastOf(told));
      }),
    );
  });
});
