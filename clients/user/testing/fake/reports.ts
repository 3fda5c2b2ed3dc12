// Reports of other services about a user: activities and statistics.

import { clone, equals, type JsonObject } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type Activity,
  ActivitySchema,
  RecordActivityRequestSchema,
  type RecordStatisticsRequest,
  RecordStatisticsRequestSchema,
  type User,
  type UserAdminService,
  UserChangeKind,
  UserSchema,
} from '@rollcall/contract/user';
import type { RunOnce, WriteOnce } from './idempotency.ts';
import { requireNotErased, requireUser } from './lifecycle.ts';
import { invalidField } from './model/refusal.ts';
import { withReportedStatistics } from './model/statistics.ts';
import { toWholeMs } from './model/timestamps.ts';
import { newId, type UserStore } from './model/user-store.ts';
import { requireStorableText } from './writable-fields.ts';

const MAX_ATTRIBUTES_BYTES = 16 * 1024;

/** Handler of RecordActivity. */
export function createActivityHandlers(
  store: UserStore,
  runOnce: RunOnce,
): Pick<ServiceImpl<typeof UserAdminService>, 'recordActivity'> {
  return {
    recordActivity(request) {
      const activity = normalizeActivity(request.activity as Activity);
      const user = requireUser(store, request);
      runOnce(RecordActivityRequestSchema, request, () => {
        requireNotErased(store, user);
        store.activities.put(user, newId(), { activity, recordTime: store.now() });
      });
      return {};
    },
  };
}

function normalizeActivity(given: Activity): Activity {
  const activity = clone(ActivitySchema, given);
  const time = toWholeMs('activity.time', given.time as Timestamp);
  requireStorableText('activity.summary', given.summary);
  if (given.attributes) requireStorableAttributes(given.attributes);
  return Object.assign(activity, { time });
}

function requireStorableAttributes(attributes: JsonObject): void {
  const text = JSON.stringify(attributes, (key, value) => {
    for (const each of [key, value])
      if (typeof each === 'string') requireStorableText('activity.attributes', each);
    return value;
  });
  if (Buffer.byteLength(text) <= MAX_ATTRIBUTES_BYTES) return;
  throw invalidField('activity.attributes', `must not take more than ${MAX_ATTRIBUTES_BYTES} bytes as JSON`);
}

/** Handler of RecordStatistics. */
export function createStatisticsHandlers(
  store: UserStore,
  writeOnce: WriteOnce,
): Pick<ServiceImpl<typeof UserAdminService>, 'recordStatistics'> {
  return {
    recordStatistics(request) {
      const report = normalizeStatistics(request);
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

function normalizeStatistics(request: RecordStatisticsRequest): RecordStatisticsRequest {
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
