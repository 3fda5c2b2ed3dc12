/**
 * The reasons of `BookingError`. Each stands in the `ErrorReason` of bookings or, when all services share it,
 * of users.
 */
export type BookingErrorReason =
  | 'BOOKING_NOT_FOUND'
  | 'REFERENCE_TAKEN'
  | 'USER_NOT_BOOKABLE'
  | 'USER_UNKNOWN_NOW'
  | 'DATES_INVALID'
  | 'STATUS_CHANGE_REFUSED'
  | 'PET_NOT_FOUND'
  | 'REVIEW_NOT_FOUND'
  | 'REVIEW_EXISTS'
  | 'BOOKING_NOT_REVIEWABLE'
  | 'USER_SEARCH_UNAVAILABLE'
  | 'TOO_MANY_USERS'
  | 'REQUEST_ID_REUSED';

interface BookingErrorOptions {
  /** Each variable part of the message. Never contact data. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Faults of the booking's fields, by field name in the contract: `start_date`. */
  readonly faults?: Readonly<Record<string, string>>;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A refusal by the booking domain. */
export class BookingError extends Error {
  override readonly name = 'BookingError';
  readonly reason: BookingErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty: no field is at fault. */
  readonly faults: Readonly<Record<string, string>>;

  constructor(reason: BookingErrorReason, message: string, options: BookingErrorOptions) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata;
    this.faults = options.faults ?? {};
  }
}

const NOT_FOUND = {
  booking: 'BOOKING_NOT_FOUND',
  pet: 'PET_NOT_FOUND',
  review: 'REVIEW_NOT_FOUND',
} as const satisfies Record<string, BookingErrorReason>;

export function notFound(
  what: keyof typeof NOT_FOUND,
  { tenantId, id }: { tenantId: string; id: string },
): BookingError {
  return new BookingError(NOT_FOUND[what], `Tenant ${tenantId} has no ${what} ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

export function requestIdReused(requestId: string): BookingError {
  const message = `Request id ${requestId} was used before, for another request; choose a new one.`;
  return new BookingError('REQUEST_ID_REUSED', message, { metadata: { reused_request_id: requestId } });
}

export function notReviewable(
  message: string,
  { tenantId, id, why }: { tenantId: string; id: string; why: string },
): BookingError {
  return new BookingError('BOOKING_NOT_REVIEWABLE', message, {
    metadata: { tenant_id: tenantId, booking_id: id, why },
  });
}

export function reviewExists(tenantId: string, bookingId: string): BookingError {
  const message = `Booking ${bookingId} has a review: change that one.`;
  return new BookingError('REVIEW_EXISTS', message, {
    metadata: { tenant_id: tenantId, booking_id: bookingId },
  });
}

export function referenceTaken(tenantId: string, reference: string): BookingError {
  const message = `Another booking of tenant ${tenantId} has the reference ${reference}.`;
  return new BookingError('REFERENCE_TAKEN', message, { metadata: { tenant_id: tenantId, reference } });
}
