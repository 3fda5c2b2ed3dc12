import type { UserReport } from '../outbox/user-reports.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Booking, BookingStatus, BookingView, Payment } from './booking.ts';

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

/** What a request did when it came first. */
export interface EarlierWrite {
  /** The booking as it is now, in full. */
  readonly booking: Booking;
  readonly fingerprint: Uint8Array;
}

/** A booking that nobody else changes meanwhile, BASIC view. */
export interface LockedBooking extends Booking {
  /** The status that people gave it; differs from `status` where money moved it on. */
  readonly manualStatus: BookingStatus;
}

/** What becomes of a booking, all of it. */
export interface BookingChange {
  readonly manualStatus: BookingStatus;
  readonly status: BookingStatus;
  readonly payment: Payment | null;
  readonly updateTime: Date;
  /** When it happened; absent: at `updateTime`, when it is recorded. */
  readonly happenTime?: Date | undefined;
}

/** A change, and whom to tell of it. */
export interface DecidedChange {
  readonly change: BookingChange;
  readonly reports: readonly UserReport[];
}

/** How bookings are written. Tellings are written down with what they tell of, or not at all. */
export interface BookingWrites {
  /** What this request id did before; undefined: it is new. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite | undefined>;
  /**
   * Adds a booking, noted as the work of `request`. False, and nothing is added: the tenant has its reference or the
   * request's id already, both of which are waited for where another caller is about to add them.
   */
  insert(
    booking: Booking,
    request: WriteRequest | undefined,
    tellings: readonly UserReport[],
  ): Promise<boolean>;
  /**
   * Holds a booking, changes it as `decide` says, and answers it as it is then; `decide` answers undefined to leave it as it
   * is, and what it throws leaves it so as well. Undefined: there is no such booking.
   */
  change(
    tenantId: string,
    id: string,
    decide: (held: LockedBooking) => DecidedChange | undefined,
  ): Promise<Booking | undefined>;
}
