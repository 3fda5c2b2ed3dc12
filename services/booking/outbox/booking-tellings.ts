import type { Booking, BookingStatus } from '../bookings/booking.ts';
import type { Telling } from './telling.ts';

/** What the user of a booking is told about: that it was made. Nothing where it has no user. */
export function tellingsOfMaking(booking: Booking): Telling[] {
  return tell(booking, { word: 'created', status: booking.status, time: booking.createTime });
}

/** The same for a change: the status that it came to, or, where that is as before, only that something was heard. */
export function tellingsOfChange(booking: Booking, before: BookingStatus, time: Date): Telling[] {
  const { status } = booking;
  if (status !== before) return tell(booking, { word: status.toLowerCase(), status, time });
  return booking.userId ? [{ tenantId: booking.tenantId, userId: booking.userId }] : [];
}

function tell(
  { tenantId, userId, id, reference }: Booking,
  { word, status, time }: { word: string; status: BookingStatus; time: Date },
): Telling[] {
  if (!userId) return [];
  const summary = `Booking ${reference} ${word}`;
  const attributes = { booking_id: id, reference, status };
  return [{ tenantId, userId, activity: { kind: `booking.${word}`, time, summary, attributes } }];
}
