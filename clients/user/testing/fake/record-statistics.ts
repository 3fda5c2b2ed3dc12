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
import type { Once } from './idempotency.ts';
import { requireNotErased, requireUser } from './lifecycle.ts';
import { invalidField } from './model/refusal.ts';
import { withToldFigures } from './model/statistics.ts';
import { keptMoment } from './model/timestamps.ts';
import type { UserStore } from './model/user-store.ts';

/** RecordStatistics over a store. */
export function statisticsOf(
  store: UserStore,
  once: Once,
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
  store.figures.tell(told);
  const after = withToldFigures(store.figures, user, store.familyOf(user));
  return equals(UserSchema, user, after) ? user : store.keep(after, { kind: UserChangeKind.UPDATED });
}

function checked(request: RecordStatisticsRequest): RecordStatisticsRequest {
  const currencies = new Set(request.totalSpent.map(({ currencyCode }) => currencyCode));
  if (currencies.size < request.totalSpent.length)
    throw invalidField('total_spent', 'must have one entry a currency');
  const { firstBookingTime: first, lastBookingTime: last, lastActivityTime: heard } = request;
  return Object.assign(clone(RecordStatisticsRequestSchema, request), {
    ...(first && { firstBookingTime: keptMoment('first_booking_time', first) }),
    ...(last && { lastBookingTime: keptMoment('last_booking_time', last) }),
    ...(heard && { lastActivityTime: keptMoment('last_activity_time', heard) }),
    // Without ratings there is no mean of them.
    averageRating: request.totalReviews === 0 ? 0 : request.averageRating,
  });
}
