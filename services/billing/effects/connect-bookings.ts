import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { StartupError } from '@rollcall/runtime';
import { TransportOptionError } from '@rollcall/user-client';

/**
 * The client of the booking service, which connects on demand and need not be there. Whoever makes it closes it.
 * @throws StartupError where the address cannot be one.
 */
export function connectBookings(address: string): BookingClient {
  try {
    return createBookingClient({ address });
  } catch (error) {
    if (!(error instanceof TransportOptionError)) throw error;
    throw new StartupError(`BOOKING_ADDRESS is not an address to call (${error.message}): correct it`, {
      cause: error,
    });
  }
}
