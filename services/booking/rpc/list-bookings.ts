import type { ListBookingsRequest } from '@rollcall/contract/booking';
import { isTimePosition, type PageTokens, pageTokens, type TimePosition } from '@rollcall/runtime/rpc';
import type { BookingList } from '../bookings/booking-reads.ts';
import { viewFromMessage } from './booking-message.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** What a request asks for. Throws RpcError PAGE_TOKEN_INVALID. */
export function listFromRequest(request: ListBookingsRequest): {
  list: BookingList;
  tokens: PageTokens<TimePosition>;
} {
  const { tenantId } = request;
  const view = viewFromMessage(request.view);
  const userId = request.userId.toLowerCase() || null;
  const limit = Math.min(request.pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  const tokens = pageTokens(['ListBookings', tenantId, view, userId], isTimePosition);
  const after = tokens.read(request.pageToken);
  return { list: { tenantId, view, userId, limit, ...(after && { after }) }, tokens };
}
