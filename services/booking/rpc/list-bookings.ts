import type { ListBookingsRequest } from '@rollcall/contract/booking';
import { type PageTokens, pageTokens } from '@rollcall/runtime';
import type { BookingList, ListPosition } from '../bookings/booking-reads.ts';
import { viewFromMessage } from './booking-message.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** What a request asks for. Throws RpcError PAGE_TOKEN_INVALID. */
export function listFromRequest(request: ListBookingsRequest): {
  list: BookingList;
  tokens: PageTokens<ListPosition>;
} {
  const { tenantId } = request;
  const view = viewFromMessage(request.view);
  const userId = request.userId.toLowerCase() || null;
  const limit = Math.min(request.pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  const tokens = pageTokens(['ListBookings', tenantId, view, userId], isPosition);
  const after = tokens.read(request.pageToken);
  return { list: { tenantId, view, userId, limit, ...(after && { after }) }, tokens };
}

// Anybody can write a token that looks like ours, so it must at least be something that the database can compare with.
function isPosition(value: unknown): value is ListPosition {
  const { timeMs, id } = (value ?? {}) as Partial<ListPosition>;
  return (
    Number.isInteger(timeMs) &&
    Number(timeMs) >= 0 &&
    Number(timeMs) < END_OF_TIME_MS &&
    typeof id === 'string' &&
    UUID.test(id)
  );
}

const END_OF_TIME_MS = Date.UTC(10_000, 0);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
