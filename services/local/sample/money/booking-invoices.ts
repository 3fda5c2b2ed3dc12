import { BookingStatus } from '@rollcall/contract/booking';
import type { SampleBooking } from '../sample-bookings.ts';
import { seededRandom, uuidV7 } from '../sample-users.ts';

const SEED = 20_260_401;
/** Every so many bookings that are over have an invoice. */
const INVOICED_EVERY = 6;
/** Every so many invoices are taken back. */
const VOIDED_EVERY = 7;

/** The invoice of a sample booking. */
export interface BookingInvoice {
  readonly requestId: string;
  /** Whether it is voided after it was issued. */
  readonly isVoided: boolean;
}

/**
 * Returns the invoices of the bookings, by booking reference. Equal in every run. Bookings without a user
 * have none.
 * @param bookings of `sampleBookings`
 */
export function bookingInvoices(bookings: readonly SampleBooking[]): ReadonlyMap<string, BookingInvoice> {
  const random = seededRandom(SEED);
  const invoiced = bookings
    .filter(
      ({ request }) => request.booking.status === BookingStatus.COMPLETED && request.booking.userId !== '',
    )
    .filter((_, index) => index % INVOICED_EVERY === 0);
  return new Map(
    invoiced.map(({ request, bookedAtMs }, index) => [
      request.booking.reference,
      { requestId: uuidV7(random, bookedAtMs), isVoided: index % VOIDED_EVERY === 3 },
    ]),
  );
}
