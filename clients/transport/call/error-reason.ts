import { ConnectError } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@rollcall/contract';

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

/** How long, in ms, the service asked to wait before the same is tried again. Undefined: it did not say. */
export function retryDelayMs(error: unknown): number | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const [info] = error.findDetails(RetryInfoSchema);
  const { seconds = 0n, nanos = 0 } = info?.retryDelay ?? {};
  return info && Math.max(0, Number(seconds) * 1_000 + nanos / 1_000_000);
}
