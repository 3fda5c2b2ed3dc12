// Errors of calls: from a gRPC status, with the reason of a Rollcall service, or from before sending.

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
 * Connect's error of a status that is not OK, from the server or from grpc-js. It has the status' code and
 * message, the trailers as `metadata`, and the google.rpc details for `error.findDetails(ErrorInfoSchema)`.
 */
export function connectErrorFromStatus({ code, details, metadata }: StatusObject): ConnectError {
  const error = new ConnectError(details, toCode(code), headersFromMetadata(metadata));
  error.details = (readStatus(metadata)?.details ?? []).map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
    value,
  }));
  return error;
}

/** gRPC and Connect number the codes alike. An unknown code becomes UNKNOWN. */
function toCode(code: number): Code {
  return Code[code] === undefined ? Code.Unknown : code;
}

function readStatus(metadata: StatusObject['metadata']): Status | undefined {
  const [bytes] = metadata.get(STATUS_DETAILS);
  if (bytes === undefined || typeof bytes === 'string') return undefined;
  try {
    return fromBinary(StatusSchema, bytes);
  } catch {
    // Broken details must not hide the code and the message.
    return undefined;
  }
}

/** Why a Rollcall service refused a call, for programs. */
export interface ReasonOfError {
  /** A name of the `ErrorReason` of the service: `USER_NOT_FOUND`. */
  reason: string;
  /** The variable parts of the message, by name. */
  metadata: Record<string, string>;
}

/** The reason that a Rollcall service gave. Undefined: the error comes from elsewhere, such as grpc-js. */
export function errorReason(error: unknown): ReasonOfError | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === ERROR_DOMAIN);
  return info && { reason: info.reason, metadata: info.metadata };
}

/** How long the service asks to wait before a retry, in milliseconds. Undefined: it did not say. */
export function retryDelayMs(error: unknown): number | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const [info] = error.findDetails(RetryInfoSchema);
  const { seconds = 0n, nanos = 0 } = info?.retryDelay ?? {};
  return info && Math.max(0, Number(seconds) * 1_000 + nanos / 1_000_000);
}

const notSent = new WeakSet<ConnectError>();

/** Marks an error as raised before the call left this process. Its code stays the one that callers expect. */
export function markNotSent(error: ConnectError): ConnectError {
  notSent.add(error);
  return error;
}

/**
 * Whether a call failed before it left this process: its message cannot be encoded, or it has no service
 * token. Such an error says nothing about the service.
 */
export function isCallNotSent(error: unknown): boolean {
  return notSent.has(error as ConnectError);
}
