import { describe, expect, it } from 'vitest';
import { type SourceStatistics, sumRatings, sumStatistics } from './statistics.ts';

const source = (fields: Partial<SourceStatistics>): SourceStatistics => ({
  source: 'booking',
  revision: 1n,
  totalBookings: 0n,
  totalSpent: [],
  firstBookingTime: null,
  lastBookingTime: null,
  lastActivityTime: null,
  averageRating: 0,
  totalReviews: 0,
  ...fields,
});

const eur = (minorUnits: bigint) => ({ currencyCode: 'EUR', minorUnits });

describe('sumStatistics', () => {
  it('is undefined when no service reported statistics', () => {
    expect(sumStatistics([])).toBeUndefined();
  });

  it('adds up by currency, and takes the earliest first and the latest last time', () => {
    const [early, middle, late] = [1, 2, 3].map((day) => new Date(Date.UTC(2026, 0, day))) as [
      Date,
      Date,
      Date,
    ];
    const reported = [
      source({
        totalBookings: 2n,
        totalSpent: [eur(5n), { currencyCode: 'CHF', minorUnits: 7n }],
        firstBookingTime: middle,
        lastBookingTime: middle,
      }),
      source({ totalBookings: 3n, totalSpent: [eur(-2n)], firstBookingTime: early, lastBookingTime: late }),
      source({ lastActivityTime: early }),
    ];
    expect(sumStatistics(reported)).toEqual({
      totalBookings: 5n,
      totalSpent: [{ currencyCode: 'CHF', minorUnits: 7n }, eur(3n)],
      firstBookingTime: early,
      lastBookingTime: late,
      lastActivityTime: early,
    });
  });

  it('stays within the range of the message', () => {
    const most = 2n ** 63n - 1n;
    const reported = [
      source({ totalBookings: most, totalSpent: [eur(-most)] }),
      source({ totalBookings: 1n, totalSpent: [eur(-9n)] }),
    ];
    expect(sumStatistics(reported)).toMatchObject({ totalBookings: most, totalSpent: [eur(-(2n ** 63n))] });
  });
});

describe('sumRatings', () => {
  it('weights averages by their number, and handles none', () => {
    expect(sumRatings([])).toEqual({ averageRating: 0, totalReviews: 0 });
    expect(
      sumRatings([
        { averageRating: 5, totalReviews: 1 },
        { averageRating: 3, totalReviews: 3 },
        { averageRating: 1, totalReviews: 0 },
      ]),
    ).toEqual({ averageRating: 3.5, totalReviews: 4 });
  });
});
