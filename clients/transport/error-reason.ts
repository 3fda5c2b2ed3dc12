import { ConnectError } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema } from '@rollcall/contract';

/** Why a Rollcall service refused, for programs. */
export interface ReasonOfError {
  /** A name of `ErrorReason` of the service that was called, such as `USER_NOT_FOUND`. */
  reason: string;
  /** The parts of the message that change, by name. */
  metadata: Record<string, string>;
}

/** Reads the reason that a Rollcall service gave. Undefined where the error is another's, or grpc-js' own. */
export function errorReason(error: unknown): ReasonOfError | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === ERROR_DOMAIN);
  return info && { reason: info.reason, metadata: info.metadata };
}
