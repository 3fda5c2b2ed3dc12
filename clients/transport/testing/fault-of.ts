import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, RetryInfoSchema } from '@rollcall/contract';
import { errorReason } from '../call/call-errors.ts';

/** How a call failed. */
export interface Fault {
  /** Name of the status code. */
  readonly code: string | undefined;
  /** Undefined: the error has none. */
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly message: string;
  /** Names of the invalid fields; empty: the error names none. */
  readonly fields: readonly string[];
  /** Whether the error has a retry delay. */
  readonly retries: boolean;
}

/**
 * Awaits a call that must fail, and returns how it failed.
 * @throws Error when it succeeds, or fails with an error that is no ConnectError
 */
export async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError))
    throw new Error('The call did not fail as a call does', { cause: error });
  const [badRequest] = error.findDetails(BadRequestSchema);
  const [retryInfo] = error.findDetails(RetryInfoSchema);
  const { reason, metadata } = errorReason(error) ?? {};
  return {
    ...{ code: Code[error.code], reason, metadata, message: error.rawMessage },
    fields: badRequest?.fieldViolations.map(({ field }) => field) ?? [],
    retries: retryInfo !== undefined,
  };
}
