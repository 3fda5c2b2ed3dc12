// Calls for external ids and statistics.
import { create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { isStorable } from '@rollcall/contract/request-content';
import {
  type ExternalId as ExternalIdMessage,
  LinkExternalIdResponseSchema,
  ListExternalIdsResponseSchema,
  type RecordStatisticsRequest,
  RecordStatisticsResponseSchema,
  UnlinkExternalIdResponseSchema,
} from '@rollcall/contract/user';
import { invalidField, requireStorable } from '@rollcall/runtime/rpc';
import { linkExternalId, recordStatistics, unlinkExternalId } from '../users/records/record-commands.ts';
import type { ExternalId } from '../users/records/user-records.ts';
import type { SourceStatistics } from '../users/statistics.ts';
import type { AdminCalls, AdminDependencies } from './admin-calls.ts';
import { toPage, userPageFrom } from './page.ts';
import { requireTimestamp, writeRequest } from './request-fields.ts';
import { toUserMessage } from './user-message.ts';

// Both texts at their longest, with every character escaped.
const EXTERNAL_ID_BYTES = 6 * (63 + 200) + 100;

/** Implements LinkExternalId, UnlinkExternalId and ListExternalIds. */
export function externalIdCalls({
  reads,
  writes,
  records,
}: AdminDependencies): AdminCalls<'linkExternalId' | 'unlinkExternalId' | 'listExternalIds'> {
  return {
    async linkExternalId(request) {
      const command = commandFrom(request);
      const write = writeRequest('LinkExternalId', request, command);
      const user = await linkExternalId(writes, { ...command, ...write });
      return create(LinkExternalIdResponseSchema, { user: toUserMessage(user) });
    },
    async unlinkExternalId(request) {
      const command = commandFrom(request);
      const write = writeRequest('UnlinkExternalId', request, command);
      const user = await unlinkExternalId(writes, { ...command, ...write });
      return create(UnlinkExternalIdResponseSchema, { user: toUserMessage(user) });
    },
    async listExternalIds(request) {
      const asked = await userPageFrom(reads, request, {
        method: 'ListExternalIds',
        isPosition: isExternalId,
      });
      const { owner, position: after, limit, tokens } = asked;
      const found = await records.listExternalIds({ ...owner, after, limit: limit + 1 });
      const { page, last } = toPage(found, limit, () => EXTERNAL_ID_BYTES);
      return create(ListExternalIdsResponseSchema, {
        externalIds: page,
        nextPageToken: last ? tokens.write(last) : '',
      });
    },
  };
}

function commandFrom(request: { tenantId: string; id: string; externalId?: ExternalIdMessage | undefined }): {
  tenantId: string;
  id: string;
  externalId: ExternalId;
} {
  const { source = '', externalId = '' } = request.externalId ?? {};
  requireStorable('external_id.external_id', externalId);
  return {
    tenantId: request.tenantId,
    id: request.id.toLowerCase(),
    externalId: { source, externalId },
  };
}

function isExternalId(value: unknown): value is ExternalId {
  const { source, externalId } = (value ?? {}) as Partial<Record<keyof ExternalId, unknown>>;
  return [source, externalId].every((text) => typeof text === 'string' && isStorable(text));
}

/** Implements RecordStatistics. */
export function statisticsCalls({ writes }: AdminDependencies): AdminCalls<'recordStatistics'> {
  return {
    async recordStatistics(request) {
      const statistics = statisticsFrom(request);
      const owner = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      // The digest of a stored request covers this key.
      const write = writeRequest('RecordStatistics', request, { ...owner, told: statistics });
      const user = await recordStatistics(writes, { ...owner, statistics, ...write });
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
    // The mean of no ratings is 0.
    averageRating: totalReviews === 0 ? 0 : averageRating,
    totalReviews,
  };
}
