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

/** What services told of users, each by the id that it knows: that does not follow a user into a merge. */
export class ReportedStatistics {
  readonly #told = new Map<string, RecordStatisticsRequest>();

  /** Keeps what a service tells in place of what it told before, unless that was newer. */
  record(told: RecordStatisticsRequest): void {
    const key = `${toPrefix(told)}${told.source}`;
    const before = this.#told.get(key);
    if (before === undefined || told.revision >= before.revision) this.#told.set(key, told);
  }

  /** Everything that was told of these. */
  of(owners: readonly Owner[]): RecordStatisticsRequest[] {
    return owners.flatMap((owner) => this.#keysOf(owner).flatMap((key) => this.#told.get(key) ?? []));
  }

  /** Forgets what was told of a user. */
  clear(owner: Owner): void {
    for (const key of this.#keysOf(owner)) this.#told.delete(key);
  }

  #keysOf(owner: Owner): string[] {
    return [...this.#told.keys()].filter((key) => key.startsWith(toPrefix(owner)));
  }
}

function toPrefix({ tenantId, id }: Owner): string {
  return `${tenantId}/${id.toLowerCase()}/`;
}

type Figures = Omit<UserStatistics, '$typeName' | '$unknown'>;
type Ratings = Pick<User, 'averageRating' | 'totalReviews'>;

// What a message holds.
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;

/** The user with the sum of what services told of these; as it is where none told anything. */
export function withReportedStatistics(
  figures: ReportedStatistics,
  user: User,
  owners: readonly Owner[],
): User {
  const told = figures.of(owners);
  return told.length > 0 ? withStatistics(user, sumStatistics(told), sumRatings(told)) : user;
}

/** The user with these figures in place of its own. */
export function withStatistics(user: User, statistics: UserStatistics | undefined, ratings: Ratings): User {
  const after = Object.assign(clone(UserSchema, user), ratings);
  after.profile ??= create(ProfileSchema);
  if (statistics) after.profile.statistics = statistics;
  else delete after.profile.statistics;
  return after;
}

/** All figures together; undefined: there are none. */
export function sumStatistics(all: readonly Figures[]): UserStatistics | undefined {
  if (all.length === 0) return undefined;
  const times = (of: (figures: Figures) => Timestamp | undefined) =>
    all.flatMap((each) => of(each) ?? []).sort((one, other) => (toNanos(one) < toNanos(other) ? -1 : 1));
  const first = times(({ firstBookingTime }) => firstBookingTime)[0];
  const last = times(({ lastBookingTime }) => lastBookingTime).at(-1);
  const heard = times(({ lastActivityTime }) => lastActivityTime).at(-1);
  return create(UserStatisticsSchema, {
    totalBookings: sum(all.map(({ totalBookings }) => totalBookings)),
    totalSpent: sumMoney(all),
    ...(first && { firstBookingTime: first }),
    ...(last && { lastBookingTime: last }),
    ...(heard && { lastActivityTime: heard }),
  });
}

/** The mean of all ratings, each mean as often as it is one of many. */
export function sumRatings(all: readonly Ratings[]): Ratings {
  const total = all.reduce((count, { totalReviews }) => count + totalReviews, 0);
  if (total === 0) return { averageRating: 0, totalReviews: 0 };
  const weighted = all.reduce((weight, each) => weight + each.averageRating * each.totalReviews, 0);
  return { averageRating: weighted / total, totalReviews: Math.min(total, MAX_INT32) };
}

function sumMoney(all: readonly Figures[]) {
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
