import { BookingService } from '@rollcall/contract/booking';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of BookingService, with `close`. */
export type BookingClient = ServiceClient<typeof BookingService>;

/**
 * Makes a client of the booking service. Its reads are retried; CreateBooking is not: repeat it with the same `requestId`.
 * Throws TransportOptionError.
 */
export function createBookingClient(options: ConnectionOptions): BookingClient {
  return createServiceClient(BookingService, options);
}
