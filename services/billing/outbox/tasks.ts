import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { StartupError } from '@rollcall/runtime';
import type { OutboxTask } from '@rollcall/runtime/outbox';
import type { Pool } from '@rollcall/runtime/postgres';
import { type CallObserver, createCallGuard } from '@rollcall/transport/guard';
import { userTasks } from '@rollcall/user-access';
import { TransportOptionError } from '@rollcall/user-client';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { BOOKING_TASK, bookingPaymentTask, type PaymentSums } from './booking-payments.ts';

interface BillingTasksOptions {
  readonly admin: UserAdminClient;
  readonly bookings: BookingClient;
  readonly sums: PaymentSums;
  /** The pool of the billing database. */
  readonly pool: Pool;
}

/** The outbox tasks of billing, by name. */
export function billingTasks({
  admin,
  bookings,
  sums,
  pool,
}: BillingTasksOptions): Record<string, OutboxTask> {
  return {
    ...userTasks({ admin, pool, source: 'billing', readStatistics: sums.ofUser }),
    [BOOKING_TASK]: bookingPaymentTask(bookings, sums),
  };
}

/** A client of the booking service. Disposing it closes the connections. */
export interface Bookings extends Disposable {
  readonly client: BookingClient;
}

/**
 * Creates the client of the booking service, which connects on demand.
 * @throws StartupError when the address is malformed.
 */
export function connectBookings(address: string, observer: CallObserver): Bookings {
  using stack = new DisposableStack();
  const guard = createCallGuard({ target: 'booking', observer });
  try {
    const client = stack.use(createBookingClient({ address, guard }));
    // Closed before the client, so that calls that end then do not count as outages.
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
