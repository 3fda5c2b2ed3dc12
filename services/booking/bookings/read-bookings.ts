import type { UserAliases, Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import { limitBySize, type Page } from '../page.ts';
import type { Booking, BookingView } from './booking.ts';
import type {
  BookingFilter,
  BookingList,
  BookingOrder,
  BookingReads,
  ListPosition,
} from './booking-store.ts';
import {
  type BookingWithUsers,
  bookingsWithUsers,
  bookingWithUsers,
  maxBookingBytes,
} from './booking-with-users.ts';

/** Finds users by words. Ids are in lower case. */
export interface UserFinder {
  /**
   * Searches the user service, without a cache.
   * @throws BookingError USER_SEARCH_UNAVAILABLE, TOO_MANY_USERS
   * @throws when `signal` is aborted because the caller left.
   */
  find(tenantId: string, query: string, signal: AbortSignal): Promise<readonly string[]>;
}

interface GetBookingQuery {
  readonly tenantId: string;
  readonly id: string;
  readonly view: BookingView;
  readonly signal: AbortSignal;
}

/**
 * Returns a booking with its users.
 * @throws BookingError BOOKING_NOT_FOUND
 */
export async function getBooking(
  reads: BookingReads,
  users: Users,
  { tenantId, id, view, signal }: GetBookingQuery,
): Promise<BookingWithUsers> {
  const booking = await reads.find(tenantId, id, view);
  if (!booking) throw notFound('booking', { tenantId, id });
  return bookingWithUsers(users, booking, signal);
}

export interface ListBookingsPorts {
  readonly reads: BookingReads;
  readonly users: Users;
  readonly finder: UserFinder;
  readonly aliases: UserAliases;
}

/** The filters of a list. Null: not filtered. */
export interface ListBookingsQuery extends Omit<BookingList, 'filter'> {
  readonly filter: Omit<BookingFilter, 'userIds' | 'vendorIds'> & {
    readonly userId: string | null;
    readonly vendorId: string | null;
    /** Words by which the user service finds the users of bookings. */
    readonly userQuery: string | null;
  };
  readonly signal: AbortSignal;
}

/**
 * Returns a page of bookings with their users. A merged user counts as its survivor. A page is shorter than
 * its limit when one response cannot hold it.
 * @throws BookingError USER_SEARCH_UNAVAILABLE, TOO_MANY_USERS
 */
export async function listBookings(
  ports: ListBookingsPorts,
  query: ListBookingsQuery,
): Promise<Page<BookingWithUsers, ListPosition>> {
  const { signal, filter: asked, limit, ...list } = query;
  const filter = await withIds(ports, query);
  if (filter.userIds?.length === 0) return { rows: [] };
  // One row more than the limit shows whether a next page exists.
  const found = await ports.reads.list({ ...list, filter, limit: limit + 1 });
  const rows = limitBySize(
    await bookingsWithUsers(ports.users, found.slice(0, limit), signal),
    maxBookingBytes,
  );
  const last = rows.at(-1)?.booking;
  if (found.length <= rows.length || !last) return { rows };
  return { rows, next: positionOf(last, list.order) };
}

async function withIds(ports: ListBookingsPorts, query: ListBookingsQuery): Promise<BookingFilter> {
  const { userId, vendorId, userQuery, ...rest } = query.filter;
  const [userIds, vendorIds] = await Promise.all([
    userIdsOf(ports, query),
    vendorId ? ports.aliases.allIdsOf(query.tenantId, [vendorId]) : null,
  ]);
  return { ...rest, userIds, vendorIds };
}

async function userIdsOf(
  { finder, aliases }: ListBookingsPorts,
  { tenantId, filter: { userId, userQuery }, signal }: ListBookingsQuery,
): Promise<readonly string[] | null> {
  const ofOne = userId ? await aliases.allIdsOf(tenantId, [userId]) : null;
  if (!userQuery) return ofOne;
  const found = await finder.find(tenantId, userQuery, signal);
  const ofFound = found.length > 0 ? await aliases.allIdsOf(tenantId, found) : [];
  return ofOne ? ofOne.filter((id) => ofFound.includes(id)) : ofFound;
}

function positionOf({ id, createTime, startDate }: Booking, { by }: BookingOrder): ListPosition {
  return { at: by === 'create_time' ? createTime.toISOString() : startDate, id };
}
