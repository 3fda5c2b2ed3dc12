/** Why the domain refuses; the names stand in the `ErrorReason` of bookings, or of users for what all services share. */
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

/** What a `BookingError` carries beside its reason and message. */
interface BookingErrorOptions {
  /** Every changing part of the message. Never contact data. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What is wrong with a field of the booking, by the field's name in the contract: `start_date`. */
  readonly faults?: Readonly<Record<string, string>>;
  /** What led to it. */
  readonly cause?: unknown;
}

/** A refusal of the domain. */
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

/** What a tenant can turn out not to have. */
const NOT_FOUND = {
  booking: 'BOOKING_NOT_FOUND',
  pet: 'PET_NOT_FOUND',
  review: 'REVIEW_NOT_FOUND',
} as const satisfies Record<string, BookingErrorReason>;

/** A tenant has no such thing. */
export function notFound(
  what: keyof typeof NOT_FOUND,
  { tenantId, id }: { tenantId: string; id: string },
): BookingError {
  return new BookingError(NOT_FOUND[what], `Tenant ${tenantId} has no ${what} ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}

/** A request id that did something else before. */
export function requestIdReused(requestId: string): BookingError {
  const message = `Request id ${requestId} was used before, for another request; choose a new one.`;
  return new BookingError('REQUEST_ID_REUSED', message, { metadata: { reused_request_id: requestId } });
}
