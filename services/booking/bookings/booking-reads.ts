import type { Booking, BookingStatus, BookingView } from './booking.ts';

/** What a list is ordered by; those of one moment by their ids, in the same direction. */
export interface BookingOrder {
  readonly by: 'create_time' | 'start_date';
  readonly direction: 'asc' | 'desc';
}

/** A place in a list of bookings. */
export interface ListPosition {
  /** What the list is ordered by: a day as YYYY-MM-DD, a time as `Date.toISOString` writes it. */
  readonly at: string;
  /** In lower case. */
  readonly id: string;
}

/** Which bookings. Null: no matter. */
export interface BookingFilter {
  /** Only of one of these, in lower case. */
  readonly userIds: readonly string[] | null;
  readonly vendorIds: readonly string[] | null;
  readonly statuses: readonly BookingStatus[] | null;
  /** Starts on this day or later, YYYY-MM-DD. */
  readonly startFrom: string | null;
  /** Starts before this day, YYYY-MM-DD. */
  readonly startBefore: string | null;
}

/** Which bookings to list, and how. */
export interface BookingList {
  readonly tenantId: string;
  readonly view: BookingView;
  readonly filter: BookingFilter;
  readonly order: BookingOrder;
  readonly limit: number;
  /** Begin behind this place; absent: at the beginning. */
  readonly after?: ListPosition;
}

/** How bookings are read. Ids are in lower case. */
export interface BookingReads {
  /** The booking, or undefined. */
  find(tenantId: string, id: string, view: BookingView): Promise<Booking | undefined>;
  /** Bookings in the order that the list names. */
  list(list: BookingList): Promise<Booking[]>;
}
