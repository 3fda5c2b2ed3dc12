import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { StartupError } from '@rollcall/runtime';
import { type CallObserver, createCallGuard } from '@rollcall/transport/guard';
import { TransportOptionError } from '@rollcall/user-client';

/** The way to the booking service. Disposing it closes the connections. */
export interface Bookings extends Disposable {
  readonly client: BookingClient;
}

/**
 * The client of the booking service, which connects on demand and need not be there. Whoever makes it closes it.
 * @throws StartupError where the address cannot be one.
 */
export function connectBookings(address: string, observer: CallObserver): Bookings {
  using stack = new DisposableStack();
  const guard = createCallGuard({ target: 'booking', observer });
  try {
    const client = stack.use(createBookingClient({ address, guard }));
    // Closed first: what ends then says nothing about the booking service.
    stack.use(guard);
    const closers = stack.move();
    return { client, [Symbol.dispose]: () => closers.dispose() };
  } catch (error) {
    guard.close();
    if (!(error instanceof TransportOptionError)) throw error;
    throw new StartupError(`BOOKING_ADDRESS is not an address to call (${error.message}): correct it`, {
      cause: error,
    });
  }
}
