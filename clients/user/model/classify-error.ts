import { Code, ConnectError } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/user';
import { errorReason, isCallNotSent } from '@rollcall/transport';
import type { DegradedReason } from './user-lookup.ts';

/** The breaker is open: the service was not asked. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';

  constructor() {
    super('the user service failed just before and is not asked for a moment');
  }
}

/** The service answered with something that is not an answer to the question. */
export class AnswerMalformedError extends Error {
  override readonly name = 'AnswerMalformedError';
}

/** The service does not know yet a version that is known to exist. */
export class VersionNotReachedError extends Error {
  override readonly name = 'VersionNotReachedError';

  constructor(id: string, minVersion: bigint) {
    super(`the user service does not answer version ${minVersion} of user ${id} yet`);
  }
}

type ErrorClass = DegradedReason | 'refused';

/** What each reason of the service means here. A new reason does not compile until it is judged. */
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

/** What a code means where no reason of the service came with it: grpc-js made it, or something between. */
const BY_CODE: Record<number, ErrorClass | undefined> = {
  [Code.Canceled]: 'refused',
  [Code.Unknown]: 'service_fault',
  [Code.InvalidArgument]: 'refused',
  [Code.DeadlineExceeded]: 'deadline_exceeded',
  [Code.NotFound]: 'refused',
  [Code.AlreadyExists]: 'refused',
  [Code.PermissionDenied]: 'refused',
  // Without a reason this is a message over the size limit; RATE_LIMITED comes with one.
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

/** Why an answer could not be had. Undefined: the service answered, and refused, or the error is not about the service. */
export function degradedReason(error: unknown): DegradedReason | undefined {
  const judgement = classifyError(error);
  return judgement === 'refused' ? undefined : judgement;
}

/**
 * Whether the service is away or failing, rather than saying no. The one judge: what it calls an outage counts for the
 * breaker, and makes an answer from before the outage better than none. Not an outage: a refusal, a missing user, a caller
 * that gave up, a version that is not reached yet (a wrong `minVersion` must not cut everybody off), and a call that never
 * left, because its message cannot be written or `callerToken` gave no token (what fails then for a time also makes an older
 * answer better than none).
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
  // Without a token nobody can be asked, and waiting helps. Anything else is a fault of the call.
  if (isCallNotSent(error)) return error.code === Code.Unavailable ? 'service_unavailable' : 'refused';
  const reason = errorReason(error)?.reason;
  return (reason === undefined ? undefined : BY_REASON.get(reason)) ?? BY_CODE[error.code] ?? 'service_fault';
}
