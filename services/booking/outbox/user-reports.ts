import type { Booking, BookingStatus } from '../bookings/booking.ts';
import type { Review } from '../reviews/review.ts';

/** Something that a user did, as the user's timeline shows it. */
interface UserActivity {
  /** "booking.created" */
  readonly kind: string;
  readonly time: Date;
  /** One line to show. Says nothing personal. */
  readonly summary: string;
  /** What else is kept with it: ids and words for programs. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * What the user service is to be told of a user because of a change here: that the figures changed, and what happened. It
 * is written down in the transaction of the change and told afterwards.
 */
export interface UserReport {
  readonly tenantId: string;
  readonly userId: string;
  /** Absent: nothing that belongs on the timeline. */
  readonly activity?: UserActivity;
}

/** What the user of a booking is told about: that it was made. Nothing where it has no user. */
export function reportsOfNewBooking(booking: Booking): UserReport[] {
  return activityReports(booking, { word: 'created', status: booking.status, time: booking.createTime });
}

/** The same for a change: the status that it came to, or, where that is as before, only that something was heard. */
export function reportsOfBookingChange(booking: Booking, before: BookingStatus, time: Date): UserReport[] {
  const { status } = booking;
  if (status !== before) return activityReports(booking, { word: status.toLowerCase(), status, time });
  return booking.userId ? [{ tenantId: booking.tenantId, userId: booking.userId }] : [];
}

function activityReports(
  { tenantId, userId, id, reference }: Booking,
  { word, status, time }: { word: string; status: BookingStatus; time: Date },
): UserReport[] {
  if (!userId) return [];
  const summary = `Booking ${reference} ${word}`;
  const attributes = { booking_id: id, reference, status };
  return [{ tenantId, userId, activity: { kind: `booking.${word}`, time, summary, attributes } }];
}

/** What can happen to a review. */
type ReviewEvent = 'written' | 'changed' | 'deleted';

/** Who is told of a review: who wrote it, on the timeline; whom it is about, by the figures alone. */
export function reportsOfReview(review: Review, event: ReviewEvent, time: Date): UserReport[] {
  const { tenantId, customerId, vendorId, id, bookingId, rating } = review;
  const attributes = { review_id: id, booking_id: bookingId, rating: String(rating) };
  const activity = { kind: `review.${event}`, time, summary: `Review ${event}: ${rating} of 5`, attributes };
  const tellings: UserReport[] = [{ tenantId, userId: customerId, activity }];
  return vendorId === customerId ? tellings : [...tellings, { tenantId, userId: vendorId }];
}
