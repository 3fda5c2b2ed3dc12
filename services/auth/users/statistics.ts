/** An amount of money in minor units of its currency. */
export interface Money {
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** Figures about a user. A time that is null is not known. */
export interface UserStatistics {
  readonly totalBookings: bigint;
  /** One entry a currency. */
  readonly totalSpent: readonly Money[];
  readonly firstBookingTime: Date | null;
  readonly lastBookingTime: Date | null;
  readonly lastActivityTime: Date | null;
}

/** Mean of ratings, and of how many; 0 of 0: not rated. */
export interface UserRatings {
  readonly averageRating: number;
  readonly totalReviews: number;
}

/** What one service told. */
export interface SourceStatistics extends UserStatistics, UserRatings {
  readonly source: string;
  readonly revision: bigint;
}

// What a message holds: more than anybody spends, and not more than an answer can say.
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;

/** The figures of all services together; undefined: none told any. */
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

/** The mean of all ratings, those of a service as often as it has any. */
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
