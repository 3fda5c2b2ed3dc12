import { create, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import * as grpc from '@grpc/grpc-js';
import { StatusSchema } from '@rollcall/contract';

/** Name of the trailer that carries `google.rpc.Status`. */
export const STATUS_DETAILS = 'grpc-status-details-bin';

/**
 * Converts an error to a status of grpc-js with details:
 * https://grpc.io/docs/guides/error/#richer-error-model
 */
export function toGrpcStatus(reason: unknown): Error & grpc.StatusObject {
  const error = ConnectError.from(reason, Code.Internal);
  const metadata = new grpc.Metadata();
  if (error.details.length > 0) {
    metadata.set(STATUS_DETAILS, Buffer.from(packStatus(error)));
  }
  return Object.assign(new Error(error.rawMessage), {
    code: error.code as number,
    details: error.rawMessage,
    metadata,
  });
}

function packStatus(error: ConnectError): Uint8Array {
  const status = create(StatusSchema, {
    code: error.code,
    message: error.rawMessage,
    details: error.details.flatMap(toAny),
  });
  return toBinary(StatusSchema, status);
}

function toAny(detail: ConnectError['details'][number]): Any[] {
  return 'desc' in detail ? [anyPack(detail.desc, create(detail.desc, detail.value))] : [];
}
