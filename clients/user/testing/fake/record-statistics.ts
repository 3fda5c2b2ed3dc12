import { clone, equals } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type RecordStatisticsRequest,
  RecordStatisticsRequestSchema,
  type User,
  type UserAdminService,
  UserChangeKind,
  UserSchema,
} from '@rollcall/contract/user';
import type { WriteOnce } from './idempotency.ts';
import { requireNotErased, requireUser } from './lifecycle.ts';
import { invalidField } from './model/refusal.ts';
import { withReportedStatistics } from './model/statistics.ts';
import { toWholeMs } from './model/timestamps.ts';
import type { UserStore } from './model/user-store.ts';

/** Handler of RecordStatistics. */
export function createStatisticsHandlers(
  store: UserStore,
  writeOnce: WriteOnce,
): Pick<ServiceImpl<typeof UserAdminService>, 'recordStatistics'> {
  return {
    recordStatistics(request) {
      const report = normalize(request);
      return writeOnce(RecordStatisticsRequestSchema, request, () => recordStatistics(store, report));
    },
  };
}

function recordStatistics(store: UserStore, report: RecordStatisticsRequest): User {
  const user = requireUser(store, report);
  requireNotErased(store, user);
  store.statistics.record(report);
  const after = withReportedStatistics(store.statistics, user, store.mergeGroupOf(user));
  return equals(UserSchema, user, after)
    ? user
    : store.writeUnchecked(after, { kind: UserChangeKind.UPDATED });
}

function normalize(request: RecordStatisticsRequest): RecordStatisticsRequest {
  const currencies = new Set(request.totalSpent.map(({ currencyCode }) => currencyCode));
  if (currencies.size < request.totalSpent.length)
    throw invalidField('total_spent', 'must have one entry a currency');
  const { firstBookingTime: first, lastBookingTime: last, lastActivityTime: lastActivity } = request;
  return Object.assign(clone(RecordStatisticsRequestSchema, request), {
    ...(first && { firstBookingTime: toWholeMs('first_booking_time', first) }),
    ...(last && { lastBookingTime: toWholeMs('last_booking_time', last) }),
    ...(lastActivity && { lastActivityTime: toWholeMs('last_activity_time', lastActivity) }),
    // Without ratings there is no mean.
    averageRating: request.totalReviews === 0 ? 0 : request.averageRating,
  });
}
