import type { ToldStatistics } from '@rollcall/user-access';
import type { Money } from '../money.ts';
import type { BookingOfTenant } from './booking-job.ts';

/** What came in for a booking in one currency, and what of that went back. */
export interface BookingMoney {
  /** When the last of it came in or went back; absent: not known. */
  readonly time?: Date;
  readonly paid: Money;
  readonly refunded: Money;
}

/** What payments come to, as far as they are committed now. */
export interface PaymentSums {
  /** What payments of exactly this user id brought in less what went back, by currency, and when the last of them came. */
  ofUser(tenantId: string, userId: string): Promise<ToldStatistics>;
  /** What payments for a booking came to, one entry a currency, that of the first payment first; empty: nothing ever came in. */
  ofBooking(booking: BookingOfTenant): Promise<readonly BookingMoney[]>;
  /** A revision above all that were taken for this booking before; sums that are read after it hold all that earlier ones told. */
  takeRevision(booking: BookingOfTenant): Promise<bigint>;
}
