import { fromBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { StatusObject } from '@grpc/grpc-js';
import { type Status, StatusSchema } from '@rollcall/contract';
import { headersFromMetadata } from './metadata-headers.ts';

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
