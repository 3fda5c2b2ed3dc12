import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason } from '@rollcall/transport';

const ABOUT_THE_REQUEST: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.NotFound,
  Code.OutOfRange,
]);

/**
 * Why a service does not want this one request, by the contract's reason; others may pass. Undefined where the fault lies
 * elsewhere and the next request would fare no better.
 */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ConnectError) || !ABOUT_THE_REQUEST.has(error.code)) return undefined;
  return errorReason(error)?.reason ?? Code[error.code];
}
