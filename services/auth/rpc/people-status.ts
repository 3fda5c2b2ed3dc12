import { Code } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/auth';
import { RpcError } from '@rollcall/runtime/rpc';
import type { PeopleError, PeopleErrorReason } from '../sign-in/sign-in-error.ts';

type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** The one table from a reason of people's sign-in to its status. A reason that the contract gains does not compile until it stands here. */
export const STATUS_BY_PEOPLE_REASON = {
  CREDENTIALS_WRONG: Code.Unauthenticated,
  TOO_MANY_ATTEMPTS: Code.ResourceExhausted,
  SESSION_OVER: Code.Unauthenticated,
  ACCESS_TOKEN_INVALID: Code.Unauthenticated,
  MAIL_TOKEN_INVALID: Code.FailedPrecondition,
  PASSWORD_TOO_COMMON: Code.InvalidArgument,
  OVERLOADED: Code.Unavailable,
} as const satisfies Record<Reason, Code> & Record<PeopleErrorReason, Code>;

/** A refusal as one for the wire. */
export function toPeopleRpcError({ reason, message, retryDelayMs }: PeopleError): RpcError {
  const retry = retryDelayMs === undefined ? {} : { retryDelayMs };
  const metadata = retryDelayMs === undefined ? {} : { retry_delay_ms: String(retryDelayMs) };
  return new RpcError({ code: STATUS_BY_PEOPLE_REASON[reason], reason }, message, { metadata, ...retry });
}
