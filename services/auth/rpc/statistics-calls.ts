import { create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type RecordStatisticsRequest, RecordStatisticsResponseSchema } from '@rollcall/contract/user';
import { invalidField } from '@rollcall/runtime/rpc';
import { recordStatistics } from '../users/record-statistics.ts';
import type { SourceStatistics } from '../users/statistics.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { requireTimestamp } from './timestamp.ts';
import { toUserMessage } from './user-message.ts';
import { writeRequest } from './write-request.ts';

/** RecordStatistics. */
export function statisticsCalls({ writes }: AdminParts): AdminCalls<'recordStatistics'> {
  return {
    async recordStatistics(request) {
      const told = statisticsFrom(request);
      const owner = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      const write = writeRequest('RecordStatistics', request, { ...owner, told });
      const user = await recordStatistics(writes, { ...owner, told, ...write });
      return create(RecordStatisticsResponseSchema, { user: toUserMessage(user) });
    },
  };
}

function statisticsFrom(request: RecordStatisticsRequest): SourceStatistics {
  const { source, revision, totalBookings, totalReviews, averageRating } = request;
  const totalSpent = request.totalSpent.map(({ currencyCode, minorUnits }) => ({ currencyCode, minorUnits }));
  const currencies = new Set(totalSpent.map(({ currencyCode }) => currencyCode));
  if (currencies.size < totalSpent.length)
    throw invalidField('total_spent', 'must have one entry a currency');
  const time = (field: string, given: Timestamp | undefined) =>
    given ? requireTimestamp(field, given) : null;
  return {
    source,
    revision,
    totalBookings,
    totalSpent: totalSpent.sort((one, other) => (one.currencyCode < other.currencyCode ? -1 : 1)),
    firstBookingTime: time('first_booking_time', request.firstBookingTime),
    lastBookingTime: time('last_booking_time', request.lastBookingTime),
    lastActivityTime: time('last_activity_time', request.lastActivityTime),
    // Without ratings there is no mean of them.
    averageRating: totalReviews === 0 ? 0 : averageRating,
    totalReviews,
  };
}
