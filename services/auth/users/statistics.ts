/** An amount of money in minor units of its currency. */
export interface Money {
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** Statistics of a user. A null time is unknown. */
export interface UserStatistics {
  readonly totalBookings: bigint;
  /** One entry for each currency. */
  readonly totalSpent: readonly Money[];
  readonly firstBookingTime: Date | null;
  readonly lastBookingTime: Date | null;
  readonly lastActivityTime: Date | null;
}

/** Mean and number of ratings; both 0 without ratings. */
export interface UserRatings {
  readonly averageRating: number;
  readonly totalReviews: number;
}

/** The statistics that one service reported. */
export interface SourceStatistics extends UserStatistics, UserRatings {
  readonly source: string;
  readonly revision: bigint;
}

// The ranges of int64 and int32 fields of the message.
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;

/** Sums the statistics of all services; undefined when no service reported any. */
export function sumStatistics(sources: readonly UserStatistics[]): UserStatistics | undefined {
  if (sources.length === 0) return undefined;
  const spent = Map.groupBy(
    sources.flatMap(({ totalSpent }) => totalSpent),
    ({ currencyCode }) => currencyCode,
  );
  return {
    totalBookings: sum(sources.map(({ totalBookings }) => totalBookings)),
    totalSpent: [...spent]
      .map(([currencyCode, amounts]) => ({
        currencyCode,
        minorUnits: sum(amounts.map(({ minorUnits }) => minorUnits)),
      }))
      .sort((one, other) => (one.currencyCode < other.currencyCode ? -1 : 1)),
    firstBookingTime: first(sources.map(({ firstBookingTime }) => firstBookingTime)),
    lastBookingTime: last(sources.map(({ lastBookingTime }) => lastBookingTime)),
    lastActivityTime: last(sources.map(({ lastActivityTime }) => lastActivityTime)),
  };
}

/** The mean of all ratings, weighted by their number. */
export function sumRatings(sources: readonly UserRatings[]): UserRatings {
  const totalReviews = sources.reduce((total, each) => total + each.totalReviews, 0);
  if (totalReviews === 0) return { averageRating: 0, totalReviews: 0 };
  const weighted = sources.reduce((total, each) => total + each.averageRating * each.totalReviews, 0);
  return { averageRating: weighted / totalReviews, totalReviews: Math.min(totalReviews, MAX_INT32) };
}

function sum(numbers: readonly bigint[]): bigint {
  const total = numbers.reduce((all, each) => all + each, 0n);
  if (total > MAX_INT64) return MAX_INT64;
  return total < MIN_INT64 ? MIN_INT64 : total;
}

function first(times: readonly (Date | null)[]): Date | null {
  return times.reduce((one, other) => (one && other ? (one < other ? one : other) : (one ?? other)), null);
}

function last(times: readonly (Date | null)[]): Date | null {
  return times.reduce((one, other) => (one && other ? (one > other ? one : other) : (one ?? other)), null);
}
