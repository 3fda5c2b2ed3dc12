import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, RetryInfoSchema } from '@rollcall/contract';
import { errorReason } from '../call/call-errors.ts';

/** How a call failed. */
export interface CallFailure {
  /** Name of the status. */
  readonly code: string | undefined;
  /** Absent: the error gives none. */
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly message: string;
  /** The fields at fault; empty: none is named. */
  readonly fields: readonly string[];
  /** Whether the error says when to try again. */
  readonly retries: boolean;
}

/** How a call failed, as a caller sees it. Throws where it did not fail. */
export async function faultOf(call: Promise<unknown>): Promise<CallFailure> {
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
