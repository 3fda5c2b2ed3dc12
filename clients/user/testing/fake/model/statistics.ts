import { clone, create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { MoneySchema } from '@rollcall/contract';
import {
  ProfileSchema,
  type RecordStatisticsRequest,
  type User,
  UserSchema,
  type UserStatistics,
  UserStatisticsSchema,
} from '@rollcall/contract/user';
import type { Owner } from './related-records.ts';
import { toNanos } from './timestamps.ts';

/** Statistics that services reported, by the id that each service knows: a merge does not move them. */
export class ReportedStatistics {
  readonly #reports = new Map<string, RecordStatisticsRequest>();

  /** Replaces the last report of a service, unless that has a higher revision. */
  record(report: RecordStatisticsRequest): void {
    const key = `${toPrefix(report)}${report.source}`;
    const before = this.#reports.get(key);
    if (before === undefined || report.revision >= before.revision) this.#reports.set(key, report);
  }

  /** All reports about these users. */
  of(owners: readonly Owner[]): RecordStatisticsRequest[] {
    return owners.flatMap((owner) => this.#keysOf(owner).flatMap((key) => this.#reports.get(key) ?? []));
  }

  /** Removes the reports about a user. */
  clear(owner: Owner): void {
    for (const key of this.#keysOf(owner)) this.#reports.delete(key);
  }

  #keysOf(owner: Owner): string[] {
    return [...this.#reports.keys()].filter((key) => key.startsWith(toPrefix(owner)));
  }
}

function toPrefix({ tenantId, id }: Owner): string {
  return `${tenantId}/${id.toLowerCase()}/`;
}

type Statistics = Omit<UserStatistics, '$typeName' | '$unknown'>;
type Ratings = Pick<User, 'averageRating' | 'totalReviews'>;

// Bounds of the proto fields.
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;

/** The user with the sum of all reports about these users. Without reports it stays as it is. */
export function withReportedStatistics(
  reported: ReportedStatistics,
  user: User,
  owners: readonly Owner[],
): User {
  const reports = reported.of(owners);
  return reports.length > 0 ? withStatistics(user, sumStatistics(reports), sumRatings(reports)) : user;
}

/** The user with these statistics and ratings. */
export function withStatistics(user: User, statistics: UserStatistics | undefined, ratings: Ratings): User {
  const after = Object.assign(clone(UserSchema, user), ratings);
  after.profile ??= create(ProfileSchema);
  if (statistics) after.profile.statistics = statistics;
  else delete after.profile.statistics;
  return after;
}

/** The sum of all statistics. Undefined: there are none. */
export function sumStatistics(all: readonly Statistics[]): UserStatistics | undefined {
  if (all.length === 0) return undefined;
  const times = (read: (statistics: Statistics) => Timestamp | undefined) =>
    all.flatMap((each) => read(each) ?? []).sort((one, other) => (toNanos(one) < toNanos(other) ? -1 : 1));
  const first = times(({ firstBookingTime }) => firstBookingTime)[0];
  const last = times(({ lastBookingTime }) => lastBookingTime).at(-1);
  const lastActivity = times(({ lastActivityTime }) => lastActivityTime).at(-1);
  return create(UserStatisticsSchema, {
    totalBookings: sum(all.map(({ totalBookings }) => totalBookings)),
    totalSpent: sumMoney(all),
    ...(first && { firstBookingTime: first }),
    ...(last && { lastBookingTime: last }),
    ...(lastActivity && { lastActivityTime: lastActivity }),
  });
}

/** The mean of all ratings, weighted by their number. */
export function sumRatings(all: readonly Ratings[]): Ratings {
  const total = all.reduce((count, { totalReviews }) => count + totalReviews, 0);
  if (total === 0) return { averageRating: 0, totalReviews: 0 };
  const weighted = all.reduce((weight, each) => weight + each.averageRating * each.totalReviews, 0);
  return { averageRating: weighted / total, totalReviews: Math.min(total, MAX_INT32) };
}

function sumMoney(all: readonly Statistics[]) {
  const spent = all.flatMap(({ totalSpent }) => totalSpent);
  return [...Map.groupBy(spent, ({ currencyCode }) => currencyCode)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([currencyCode, amounts]) =>
      create(MoneySchema, { currencyCode, minorUnits: sum(amounts.map(({ minorUnits }) => minorUnits)) }),
    );
}

function sum(numbers: readonly bigint[]): bigint {
  const total = numbers.reduce((all, each) => all + each, 0n);
  if (total > MAX_INT64) return MAX_INT64;
  return total < MIN_INT64 ? MIN_INT64 : total;
}
