import type { OutboxJob } from '@rollcall/runtime/outbox';

/** Tells the booking service what came in for a booking. */
export const BOOKING_TASK = 'booking.payment';

/** A booking of the booking service. */
export interface BookingOfTenant {
  readonly tenantId: string;
  readonly bookingId: string;
}

/** What a job to tell what came in for a booking is made of. */
export interface BookingJob extends BookingOfTenant {
  /** Of a payment that is or was for it: in this currency it is told that nothing came in, where no payment is left. */
  readonly currency: string;
}

/**
 * A job to add in each transaction that changes what came in for a booking. The sums are read when it is done, so that one that
 * waits is enough for any number of changes.
 */
export function bookingJob({ tenantId, bookingId, currency }: BookingJob): OutboxJob {
  return { task: BOOKING_TASK, payload: { tenantId, bookingId, currency }, key: `${tenantId}/${bookingId}` };
}
