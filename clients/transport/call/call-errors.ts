import { fromBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { StatusObject } from '@grpc/grpc-js';
import {
  ERROR_DOMAIN,
  ErrorInfoSchema,
  RetryInfoSchema,
  type Status,
  StatusSchema,
} from '@rollcall/contract';
import { headersFromMetadata } from './wire.ts';

const STATUS_DETAILS = 'grpc-status-details-bin';

/**
 * A status that is not OK, from the server or from grpc-js, as Connect's error: same code, same message, the trailers as
 * `metadata`, and google.rpc details for `error.findDetails(ErrorInfoSchema)`.
 */
export function connectErrorFromStatus({ code, details, metadata }: StatusObject): ConnectError {
  const error = new ConnectError(details, toCode(code), headersFromMetadata(metadata));
  error.details = (readStatus(metadata)?.details ?? []).map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
    value,
  }));
  return error;
}

/** Codes are the same numbers on both sides; one that nobody knows is UNKNOWN. */
function toCode(code: number): Code {
  return Code[code] === undefined ? Code.Unknown : code;
}

function readStatus(metadata: StatusObject['metadata']): Status | undefined {
  const [bytes] = metadata.get(STATUS_DETAILS);
  if (bytes === undefined || typeof bytes === 'string') return undefined;
  try {
    return fromBinary(StatusSchema, bytes);
  } catch {
    // Details only add to code and message, which are known: broken ones must not hide those.
    return undefined;
  }
}

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

const notSent = new WeakSet<ConnectError>();

/** Marks the error of a call that this process could not send. Its code is the one that callers expect; the service said nothing. */
export function markNotSent(error: ConnectError): ConnectError {
  notSent.add(error);
  return error;
}

/**
 * Whether a call failed before it left, by a fault of this process: its message cannot be written, or it has no service token. It
 * says nothing of the service.
 */
export function isCallNotSent(error: unknown): boolean {
  return notSent.has(error as ConnectError);
}
