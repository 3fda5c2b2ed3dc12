import type { ListBookingsRequest } from '@rollcall/contract/booking';
import { isSearchable, TOO_SHORT } from '@rollcall/contract/text';
import {
  invalidField,
  isUuid,
  type PageTokens,
  pageByPosition,
  requireStorable,
} from '@rollcall/runtime/rpc';
import { isCalendarDate } from '../bookings/booking.ts';
import type { BookingOrder, ListPosition } from '../bookings/booking-store.ts';
import type { ListBookingsQuery } from '../bookings/read-bookings.ts';
import { statusFromMessage, viewFromMessage } from './booking-message.ts';
import { dayFromText } from './request-fields.ts';

/**
 * Reads the list of ListBookings.
 * @throws RpcError PAGE_TOKEN_INVALID, FIELD_INVALID
 */
export function listFromRequest(request: ListBookingsRequest): {
  list: Omit<ListBookingsQuery, 'signal'>;
  tokens: PageTokens<ListPosition>;
} {
  const view = viewFromMessage(request.view);
  const filter = filterFrom(request);
  const order = orderFrom(request.orderBy);
  // The fields that the request of the next page must repeat, in normal form.
  const asked = ['ListBookings', view, filter, order];
  const { page, tokens } = pageByPosition(request, asked, (value) => isPositionOf(order, value));
  return { list: { ...page, view, filter, order }, tokens };
}

function filterFrom(request: ListBookingsRequest): ListBookingsQuery['filter'] {
  requireStorable('user_query', request.userQuery);
  if (request.userQuery !== '' && !isSearchable(request.userQuery))
    throw invalidField('user_query', TOO_SHORT);
  const statuses = [...new Set(request.statuses.map(statusFromMessage))].sort();
  return {
    userId: request.userId.toLowerCase() || null,
    userQuery: request.userQuery || null,
    vendorId: request.vendorId.toLowerCase() || null,
    statuses: statuses.length > 0 ? statuses : null,
    startFrom: dayFromText('start_from', request.startFrom),
    startBefore: dayFromText('start_before', request.startBefore),
  };
}

// Field rules refuse any other text.
function orderFrom(orderBy: string): BookingOrder {
  const [by, direction] = (orderBy || 'create_time desc').split(' ');
  return {
    by: by === 'start_date' ? 'start_date' : 'create_time',
    direction: direction === 'desc' ? 'desc' : 'asc',
  };
}

/** Whether a position is valid SQL input: a caller can forge a page token. */
function isPositionOf({ by }: BookingOrder, value: unknown): value is ListPosition {
  const { at, id } = (value ?? {}) as Partial<ListPosition>;
  if (typeof at !== 'string' || typeof id !== 'string' || !isUuid(id)) return false;
  return by === 'start_date' ? isCalendarDate(at) : isTime(at);
}

function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && /^\d{4}-/.test(text) && time.toISOString() === text;
}
