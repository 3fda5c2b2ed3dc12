import { Code } from '@connectrpc/connect';
import { RpcError, type RpcErrorOptions } from './rpc-error.ts';

/** Why the runtime itself ends a call, and with which status. The names stand in `rollcall.user.v1.ErrorReason`. */
export const RUNTIME_REASONS = {
  FIELD_INVALID: Code.InvalidArgument,
  MESSAGE_MALFORMED: Code.InvalidArgument,
  PAGE_TOKEN_INVALID: Code.InvalidArgument,
  MESSAGE_TOO_LARGE: Code.ResourceExhausted,
  CALLER_UNKNOWN: Code.Unauthenticated,
  NOT_GRANTED: Code.PermissionDenied,
  RATE_LIMITED: Code.ResourceExhausted,
  OVERLOADED: Code.Unavailable,
  DRAINING: Code.Unavailable,
  DATABASE_UNAVAILABLE: Code.Unavailable,
  // Not UNAVAILABLE, which clients repeat at once and take for an outage of everything: reads go on.
  DATABASE_FULL: Code.ResourceExhausted,
  DATABASE_READ_ONLY: Code.Unavailable,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  CANCELLED: Code.Canceled,
  NOT_IMPLEMENTED: Code.Unimplemented,
  SERVICE_UNKNOWN: Code.NotFound,
  INTERNAL: Code.Internal,
} as const satisfies Record<string, Code>;

/** A reason of the runtime. */
export type RuntimeReason = keyof typeof RUNTIME_REASONS;

/** A field that breaks a rule which its proto file cannot say. The description stands behind the field's name. */
export function invalidField(field: string, description: string): RpcError {
  return runtimeError('FIELD_INVALID', `${field} ${description}.`, {
    violations: [{ field, description }],
    metadata: { fields: field },
  });
}

/** An error of the runtime, ready for the wire. */
export function runtimeError(reason: RuntimeReason, message: string, options?: RpcErrorOptions): RpcError {
  return new RpcError({ code: RUNTIME_REASONS[reason], reason }, message, options);
}
