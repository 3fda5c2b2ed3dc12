import { Code } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/billing';
import { databaseFault, RpcError, RUNTIME_REASONS } from '@rollcall/runtime/rpc';
import { BillingError, type BillingErrorReason } from '../errors.ts';

/** The reasons of the contract. */
type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** The status of each reason. A new reason in the contract does not compile until it has one. */
export const STATUS_BY_REASON = {
  ...RUNTIME_REASONS,
  REQUEST_ID_REUSED: Code.InvalidArgument,
  CUSTOMER_NOT_FOUND: Code.NotFound,
  PLAN_NOT_FOUND: Code.NotFound,
  AREA_NOT_FOUND: Code.NotFound,
  PAYMENT_NOT_FOUND: Code.NotFound,
  INVOICE_NOT_FOUND: Code.NotFound,
  CODE_TAKEN: Code.AlreadyExists,
  ALREADY_SUBSCRIBED: Code.FailedPrecondition,
  PLAN_NOT_SOLD: Code.FailedPrecondition,
  USER_NOT_ELIGIBLE: Code.FailedPrecondition,
  USER_UNKNOWN_NOW: Code.Unavailable,
  NOT_REFUNDABLE: Code.FailedPrecondition,
  INVOICE_SETTLED: Code.FailedPrecondition,
  LINES_INVALID: Code.InvalidArgument,
  STRIPE_NOT_CONFIGURED: Code.FailedPrecondition,
  STRIPE_REFUSED: Code.FailedPrecondition,
  STRIPE_UNAVAILABLE: Code.Unavailable,
} as const satisfies Record<Reason, Code> & Record<BillingErrorReason, Code>;

/** Maps an error of the domain or the database to one for the caller. Undefined when it is unknown. */
export function toRpcError(error: unknown): RpcError | undefined {
  if (error instanceof BillingError) return fromBillingError(error);
  return databaseFault(error, 'billing');
}

function fromBillingError(error: BillingError): RpcError {
  const { reason, message, metadata, cause, retryDelayMs } = error;
  const code = STATUS_BY_REASON[reason];
  const violations = Object.entries(error.faults).map(([field, description]) => ({ field, description }));
  return new RpcError({ code, reason }, message, {
    metadata,
    cause,
    ...(violations.length > 0 && { violations }),
    // About the time that the breakers of the user client and of Stripe stay open.
    ...(code === Code.Unavailable && { retryDelayMs: retryDelayMs ?? 1000 }),
  });
}
