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

/** RecordStatistics over a store. */
export function createStatisticsHandlers(
  store: UserStore,
  once: WriteOnce,
): Pick<ServiceImpl<typeof UserAdminService>, 'recordStatistics'> {
  return {
    recordStatistics(request) {
      const told = checked(request);
      return once(RecordStatisticsRequestSchema, request, () => tell(store, told));
    },
  };
}

function tell(store: UserStore, told: RecordStatisticsRequest): User {
  const user = requireUser(store, told);
  requireNotErased(store, user);
  store.statistics.record(told);
  const after = withReportedStatistics(store.statistics, user, store.mergeGroupOf(user));
  return equals(UserSchema, user, after)
    ? user
    : store.writeUnchecked(after, { kind: UserChangeKind.UPDATED });
}

function checked(request: RecordStatisticsRequest): RecordStatisticsRequest {
  const currencies = new Set(request.totalSpent.map(({ currencyCode }) => currencyCode));
  if (currencies.size < request.totalSpent.length)
    throw invalidField('total_spent', 'must have one entry a currency');
  const { firstBookingTime: first, lastBookingTime: last, lastActivityTime: heard } = request;
  return Object.assign(clone(RecordStatisticsRequestSchema, request), {
    ...(first && { firstBookingTime: toWholeMs('first_booking_time', first) }),
    ...(last && { lastBookingTime: toWholeMs('last_booking_time', last) }),
    ...(heard && { lastActivityTime: toWholeMs('last_activity_time', heard) }),
    // Without ratings there is no mean of them.
    averageRating: request.totalReviews === 0 ? 0 : request.averageRating,
  });
}
