import type { BookingClient } from '@rollcall/booking-client';
import type { OutboxTask } from '@rollcall/runtime/outbox';
import type { Pool } from '@rollcall/runtime/postgres';
import { userTasks } from '@rollcall/user-access';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { BOOKING_TASK } from './booking-job.ts';
import type { PaymentSums } from './payment-sums.ts';
import { tellBooking } from './tell-booking.ts';

/** What the tasks work with. */
export interface BillingTasksOptions {
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
    [BOOKING_TASK]: tellBooking(bookings, sums),
  };
}
