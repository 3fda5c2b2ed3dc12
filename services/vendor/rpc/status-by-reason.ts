import { Code } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/vendor';
import { databaseFault, RpcError, RUNTIME_REASONS } from '@rollcall/runtime/rpc';
import { VendorError, type VendorErrorReason } from '../errors.ts';

/** A reason in the contract. */
type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/**
 * The table from reason to status. A reason that the contract gains does not compile until it stands here.
 */
export const STATUS_BY_REASON = {
  ...RUNTIME_REASONS,
  REQUEST_ID_REUSED: Code.InvalidArgument,
  ETAG_MISMATCH: Code.Aborted,
  VENDOR_NOT_FOUND: Code.NotFound,
  VENDOR_EXISTS: Code.AlreadyExists,
  USER_NOT_ELIGIBLE: Code.FailedPrecondition,
  USER_UNKNOWN_NOW: Code.Unavailable,
  VERIFICATION_CHANGE_REFUSED: Code.FailedPrecondition,
  ACTIVITY_NOT_FOUND: Code.NotFound,
  VENDOR_NOT_VERIFIED: Code.FailedPrecondition,
} as const satisfies Record<Reason, Code> & Record<VendorErrorReason, Code>;

// About as long as the user client's breaker stays open. Milliseconds.
const RETRY_MS = 1000;

/** Converts an error of the domain or the database to an error for the caller. Undefined: unknown here. */
export function toRpcError(error: unknown): RpcError | undefined {
  if (error instanceof VendorError) {
    const { reason, message, metadata } = error;
    return new RpcError({ code: STATUS_BY_REASON[reason], reason }, message, {
      metadata,
      ...(reason === 'USER_UNKNOWN_NOW' && { retryDelayMs: RETRY_MS }),
    });
  }
  return databaseFault(error, 'vendor');
}
