import type { UserReport } from '../outbox/user-reports.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Booking, BookingStatus, BookingView, Payment } from './booking.ts';

/** The order of a list. Equal values are ordered by id in the same direction. */
export interface BookingOrder {
  readonly by: 'create_time' | 'start_date';
  readonly direction: 'asc' | 'desc';
}

/** A position in a list of bookings. */
export interface ListPosition {
  /** The value that orders the list: a day as YYYY-MM-DD, or a time as `Date.toISOString` writes it. */
  readonly at: string;
  /** In lower case. */
  readonly id: string;
}

/** The filters of a list. Null: not filtered. */
export interface BookingFilter {
  /** Of one of these users, in lower case. */
  readonly userIds: readonly string[] | null;
  readonly vendorIds: readonly string[] | null;
  readonly statuses: readonly BookingStatus[] | null;
  /** Starts on this day or later, YYYY-MM-DD. */
  readonly startFrom: string | null;
  /** Starts before this day, YYYY-MM-DD. */
  readonly startBefore: string | null;
}

/** A list of bookings. */
export interface BookingList {
  readonly tenantId: string;
  readonly view: BookingView;
  readonly filter: BookingFilter;
  readonly order: BookingOrder;
  readonly limit: number;
  /** Start behind this position. Absent: start at the beginning. */
  readonly after?: ListPosition;
}

/** Reads bookings. Ids are in lower case. */
export interface BookingReads {
  /** Returns the booking, or undefined. */
  find(tenantId: string, id: string, view: BookingView): Promise<Booking | undefined>;
  /** Returns bookings in the order of the list. */
  list(list: BookingList): Promise<Booking[]>;
}

/** The result of an earlier call with the same request id. */
export interface EarlierWrite {
  /** The booking in its current state, FULL view. */
  readonly booking: Booking;
  readonly fingerprint: Uint8Array;
}

/** A booking that a transaction has locked, BASIC view. */
export interface LockedBooking extends Booking {
  /** The status that a caller set; `status` differs once payments changed it. */
  readonly manualStatus: BookingStatus;
}

/** The changed fields of a booking. */
export interface BookingChange {
  readonly manualStatus: BookingStatus;
  readonly status: BookingStatus;
  readonly payment: Payment | null;
  readonly updateTime: Date;
  /** When the change happened. Absent: at `updateTime`. */
  readonly happenTime?: Date | undefined;
}

/** A change and its reports to the user service. */
export interface DecidedChange {
  readonly change: BookingChange;
  readonly reports: readonly UserReport[];
}

/** Writes bookings. Reports are enqueued in the transaction of the write. */
export interface BookingWrites {
  /** Returns what an earlier call with this request id made, or undefined. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite | undefined>;
  /**
   * Inserts a booking and its request id. Returns false and writes nothing when the tenant has its reference
   * or request id. A concurrent insert of either is waited for.
   */
  insert(
    booking: Booking,
    request: WriteRequest | undefined,
    reports: readonly UserReport[],
  ): Promise<boolean>;
  /**
   * Locks and changes a booking, and returns the changed one, or undefined for an unknown id.
   * @param decide returns the change of the locked booking, or undefined for none; a throw rolls back
   */
  change(
    tenantId: string,
    id: string,
    decide: (locked: LockedBooking) => DecidedChange | undefined,
  ): Promise<Booking | undefined>;
}
