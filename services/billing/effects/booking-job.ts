import type { OutboxJob } from '@rollcall/runtime/outbox';

/** Tells the booking service what came in for a booking. */
export const BOOKING_TASK = 'booking.payment';

/** A booking of the booking service. */
export interface BookingOfTenant {
  readonly tenantId: string;
  readonly bookingId: string;
}

/**
 * A job to add in each transaction that changes what came in for a booking. The sums are read when it is done, so that one that
 * waits is enough for any number of changes.
 */
export function bookingJob({ tenantId, bookingId }: BookingOfTenant): OutboxJob {
  return { task: BOOKING_TASK, payload: { tenantId, bookingId }, key: `${tenantId}/${bookingId}` };
}
