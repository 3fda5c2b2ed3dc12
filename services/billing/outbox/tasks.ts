import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { StartupError } from '@rollcall/runtime';
import type { OutboxTask } from '@rollcall/runtime/outbox';
import type { Pool } from '@rollcall/runtime/postgres';
import { type CallObserver, createCallGuard } from '@rollcall/transport/guard';
import { userTasks } from '@rollcall/user-access';
import { TransportOptionError } from '@rollcall/user-client';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { BOOKING_TASK, bookingPaymentTask, type PaymentSums } from './booking-payments.ts';

/** What the tasks work with. */
interface BillingTasksOptions {
  readonly admin: UserAdminClient;
  readonly bookings: BookingClient;
  readonly sums: PaymentSums;
  /** Of the service's own database. */
  readonly pool: Pool;
}

/** What billing does after its transactions, by the task of the job. */
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
