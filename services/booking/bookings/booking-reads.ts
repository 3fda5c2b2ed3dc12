import type { Booking, BookingView } from './booking.ts';

/** A place in a list of bookings. */
export interface ListPosition {
  /** `createTime` in ms since 1970. */
  readonly timeMs: number;
  readonly id: string;
}

/** Which bookings to list: newest first. */
export interface BookingList {
  readonly tenantId: string;
  readonly view: BookingView;
  /** Only those of this user; null: of everybody. */
  readonly userId: string | null;
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: ListPosition;
}

/** How bookings are read. Ids are in lower case. */
export interface BookingReads {
  /** The booking, or undefined. */
  find(tenantId: string, id: string, view: BookingView): Promise<Booking | undefined>;
  /** Bookings by `createTime` and then id, both descending. */
  list(list: BookingList): Promise<Booking[]>;
}
