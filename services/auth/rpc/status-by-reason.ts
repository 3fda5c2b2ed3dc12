import { Code } from '@connectrpc/connect';
import type { ErrorReason as SignInReason } from '@rollcall/contract/auth';
import type { ErrorReason as UserReason } from '@rollcall/contract/user';
import { CallEndedError, PoolExhaustedError } from '@rollcall/runtime/postgres';
import { databaseFault, RpcError, RUNTIME_REASONS, runtimeError } from '@rollcall/runtime/rpc';
import { SignInError, type SignInErrorReason } from '../sign-in/sign-in-error.ts';
import { UserError, type UserErrorReason } from '../users/user-error.ts';

/** The reasons that an enum of the contract names. */
type ReasonOf<Enum> = Exclude<keyof Enum, 'UNSPECIFIED'>;

/** The status of each reason. A new reason of the contract does not compile until it is added here. */
const STATUS_BY_REASON = {
  ...RUNTIME_REASONS,
  REQUEST_ID_REUSED: Code.InvalidArgument,
  USER_NOT_FOUND: Code.NotFound,
  EMAIL_TAKEN: Code.AlreadyExists,
  USER_ID_TAKEN: Code.AlreadyExists,
  ETAG_MISMATCH: Code.Aborted,
  USER_DELETED: Code.FailedPrecondition,
  MERGE_REFUSED: Code.FailedPrecondition,
  CURSOR_EXPIRED: Code.OutOfRange,
  CALLER_UNKNOWN: Code.Unauthenticated,
  NOT_GRANTED: Code.PermissionDenied,
  RATE_LIMITED: Code.ResourceExhausted,
  OVERLOADED: Code.Unavailable,
  VERSION_NOT_REACHED: Code.Unavailable,
  STREAM_TOO_SLOW: Code.Aborted,
  PROFILE_TOO_LARGE: Code.InvalidArgument,
  EXTERNAL_ID_TAKEN: Code.AlreadyExists,
  ERASURE_NOT_FOUND: Code.NotFound,
} as const satisfies Record<ReasonOf<typeof UserReason>, Code> & Record<UserErrorReason, Code>;

const RETRY_MS: Partial<Record<UserErrorReason, number>> = { VERSION_NOT_REACHED: 50, OVERLOADED: 1000 };

/** Translates an error of the domain or the database; undefined for an unknown error. */
export function toRpcError(error: unknown): RpcError | undefined {
  if (error instanceof SignInError) return toSignInRpcError(error);
  if (error instanceof UserError) {
    const { reason, message, metadata } = error;
    const retryDelayMs = RETRY_MS[reason];
    const retry = retryDelayMs === undefined ? {} : { retryDelayMs };
    return new RpcError({ code: STATUS_BY_REASON[reason], reason }, message, {
      metadata,
      ...retry,
    });
  }
  if (error instanceof PoolExhaustedError) return overloaded(error);
  if (error instanceof CallEndedError) {
    return runtimeError('CANCELLED', 'The call ended before its work began.', { cause: error });
  }
  return databaseFault(error, 'auth');
}

function overloaded(cause: PoolExhaustedError): RpcError {
  return runtimeError(
    'OVERLOADED',
    'The service has more to ask of its database than it can; try again later.',
    {
      retryDelayMs: 200,
      cause,
    },
  );
}

/**
 * The status of each reason of sign-in. A new reason of the contract does not compile until it is added here.
 */
const STATUS_BY_SIGN_IN_REASON = {
  CREDENTIALS_WRONG: Code.Unauthenticated,
  TOO_MANY_ATTEMPTS: Code.ResourceExhausted,
  SESSION_OVER: Code.Unauthenticated,
  ACCESS_TOKEN_INVALID: Code.Unauthenticated,
  MAIL_TOKEN_INVALID: Code.FailedPrecondition,
  PASSWORD_TOO_COMMON: Code.InvalidArgument,
  OVERLOADED: Code.Unavailable,
} as const satisfies Record<ReasonOf<typeof SignInReason>, Code> & Record<SignInErrorReason, Code>;

/** Translates an error of sign-in. */
function toSignInRpcError({ reason, message, retryDelayMs }: SignInError): RpcError {
  const retry = retryDelayMs === undefined ? {} : { retryDelayMs };
  const metadata = retryDelayMs === undefined ? {} : { retry_delay_ms: String(retryDelayMs) };
  return new RpcError({ code: STATUS_BY_SIGN_IN_REASON[reason], reason }, message, { metadata, ...retry });
}
