import { Code } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/booking';
import { databaseFault, RpcError, RUNTIME_REASONS } from '@rollcall/runtime/rpc';
import { BookingError, type BookingErrorReason } from '../errors.ts';

/** A reason in the contract. */
type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/**
 * The table from reason to status. A reason that the contract gains does not compile until it stands here.
 */
export const STATUS_BY_REASON = {
  ...RUNTIME_REASONS,
  REQUEST_ID_REUSED: Code.InvalidArgument,
  BOOKING_NOT_FOUND: Code.NotFound,
  REFERENCE_TAKEN: Code.AlreadyExists,
  USER_NOT_BOOKABLE: Code.FailedPrecondition,
  USER_UNKNOWN_NOW: Code.Unavailable,
  DATES_INVALID: Code.InvalidArgument,
  STATUS_CHANGE_REFUSED: Code.FailedPrecondition,
  PET_NOT_FOUND: Code.NotFound,
  REVIEW_NOT_FOUND: Code.NotFound,
  REVIEW_EXISTS: Code.AlreadyExists,
  BOOKING_NOT_REVIEWABLE: Code.FailedPrecondition,
  USER_SEARCH_UNAVAILABLE: Code.Unavailable,
  TOO_MANY_USERS: Code.FailedPrecondition,
} as const satisfies Record<Reason, Code> & Record<BookingErrorReason, Code>;

/** Converts an error of the domain or the database to an error for the caller. Undefined: unknown here. */
export function toRpcError(error: unknown): RpcError | undefined {
  if (error instanceof BookingError) {
    const { reason, message, metadata, cause } = error;
    const violations = Object.entries(error.faults).map(([field, description]) => ({
      field: `booking.${field}`,
      description,
    }));
    return new RpcError({ code: STATUS_BY_REASON[reason], reason }, message, {
      metadata,
      cause,
      ...(violations.length > 0 && { violations }),
      // About as long as the user client's breaker stays open. Milliseconds.
      ...(STATUS_BY_REASON[reason] === Code.Unavailable && { retryDelayMs: 1000 }),
    });
  }
  return databaseFault(error, 'booking');
}
