import { Code, ConnectError } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/user';
import { errorReason, isCallNotSent } from '@rollcall/transport';
import type { DegradedReason } from './user-lookup.ts';

/** The breaker is open, and the service was not asked. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';

  constructor() {
    super('the user service failed just before and is not asked for a moment');
  }
}

/** The service's answer does not fit the question. */
export class AnswerMalformedError extends Error {
  override readonly name = 'AnswerMalformedError';
}

/** The service does not have a version yet that is known to exist. */
export class VersionNotReachedError extends Error {
  override readonly name = 'VersionNotReachedError';

  constructor(id: string, minVersion: bigint) {
    super(`the user service does not answer version ${minVersion} of user ${id} yet`);
  }
}

type ErrorClass = DegradedReason | 'refused';

/** The class of each reason of the service. A new reason does not compile until it has one. */
const BY_REASON: ReadonlyMap<string, ErrorClass> = new Map(
  Object.entries<ErrorClass>({
    UNSPECIFIED: 'service_fault',
    FIELD_INVALID: 'refused',
    MESSAGE_MALFORMED: 'refused',
    PAGE_TOKEN_INVALID: 'refused',
    REQUEST_ID_REUSED: 'refused',
    USER_NOT_FOUND: 'refused',
    EMAIL_TAKEN: 'refused',
    USER_ID_TAKEN: 'refused',
    ETAG_MISMATCH: 'refused',
    USER_DELETED: 'refused',
    MERGE_REFUSED: 'refused',
    CURSOR_EXPIRED: 'refused',
    CALLER_UNKNOWN: 'refused',
    NOT_GRANTED: 'refused',
    RATE_LIMITED: 'rate_limited',
    MESSAGE_TOO_LARGE: 'refused',
    OVERLOADED: 'service_unavailable',
    DRAINING: 'service_unavailable',
    DATABASE_UNAVAILABLE: 'service_unavailable',
    DATABASE_FULL: 'service_unavailable',
    DATABASE_READ_ONLY: 'service_unavailable',
    VERSION_NOT_REACHED: 'version_not_reached',
    DEADLINE_EXCEEDED: 'deadline_exceeded',
    CANCELLED: 'refused',
    NOT_IMPLEMENTED: 'refused',
    SERVICE_UNKNOWN: 'refused',
    STREAM_TOO_SLOW: 'refused',
    PROFILE_TOO_LARGE: 'refused',
    EXTERNAL_ID_TAKEN: 'refused',
    ERASURE_NOT_FOUND: 'refused',
    INTERNAL: 'service_fault',
  } satisfies Record<keyof typeof ErrorReason, ErrorClass>),
);

/** The class of a gRPC code without a reason of the service: grpc-js or a proxy made the error. */
const BY_CODE: Record<number, ErrorClass | undefined> = {
  [Code.Canceled]: 'refused',
  [Code.Unknown]: 'service_fault',
  [Code.InvalidArgument]: 'refused',
  [Code.DeadlineExceeded]: 'deadline_exceeded',
  [Code.NotFound]: 'refused',
  [Code.AlreadyExists]: 'refused',
  [Code.PermissionDenied]: 'refused',
  // A message over the size limit. RATE_LIMITED comes with a reason.
  [Code.ResourceExhausted]: 'refused',
  [Code.FailedPrecondition]: 'refused',
  [Code.Aborted]: 'refused',
  [Code.OutOfRange]: 'refused',
  [Code.Unimplemented]: 'refused',
  [Code.Internal]: 'service_fault',
  [Code.Unavailable]: 'service_unavailable',
  [Code.DataLoss]: 'service_fault',
  [Code.Unauthenticated]: 'refused',
} satisfies Record<Code, ErrorClass>;

/** Why the service gave no answer. Undefined: the service refused, or the error is not about the service. */
export function degradedReason(error: unknown): DegradedReason | undefined {
  const judgement = classifyError(error);
  return judgement === 'refused' ? undefined : judgement;
}

/**
 * Whether the service is down or failing. Outages count for the breaker, and allow stale answers. Not an
 * outage: a refusal, a missing user, a canceled call, a version that is not reached yet (a wrong `minVersion`
 * must not open the breaker), and a call that was not sent, because its message cannot be written or
 * `callerToken` failed (the last allows stale answers too).
 */
export function isOutage(error: unknown): boolean {
  const reason = degradedReason(error);
  return reason !== undefined && reason !== 'version_not_reached' && !isCallNotSent(error);
}

/** Whether no answer came before the deadline. */
export function isTimeout(error: unknown): boolean {
  return degradedReason(error) === 'deadline_exceeded';
}

function classifyError(error: unknown): ErrorClass {
  if (error instanceof BreakerOpenError) return 'breaker_open';
  if (error instanceof AnswerMalformedError) return 'service_fault';
  if (error instanceof VersionNotReachedError) return 'version_not_reached';
  if (!(error instanceof ConnectError)) return 'refused';
  // Without a token the call cannot be sent, and waiting helps. Other reasons are faults of the call.
  if (isCallNotSent(error)) return error.code === Code.Unavailable ? 'service_unavailable' : 'refused';
  const reason = errorReason(error)?.reason;
  return (reason === undefined ? undefined : BY_REASON.get(reason)) ?? BY_CODE[error.code] ?? 'service_fault';
}
