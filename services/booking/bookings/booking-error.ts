/** Why the domain refuses; the names stand in the `ErrorReason` of bookings, or of users for what all services share. */
export type BookingErrorReason =
  | 'BOOKING_NOT_FOUND'
  | 'REFERENCE_TAKEN'
  | 'USER_NOT_BOOKABLE'
  | 'USER_UNKNOWN_NOW'
  | 'DATES_INVALID'
  | 'REQUEST_ID_REUSED';

/** What a `BookingError` carries beside its reason and message. */
export interface BookingErrorOptions {
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
