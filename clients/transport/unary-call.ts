import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type UnaryRequest, type UnaryResponse } from '@connectrpc/connect';
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { connectErrorFromStatus } from './connect-error.ts';
import { headersFromMetadata, metadataFromHeaders } from './metadata-headers.ts';
import type { OpenCalls } from './open-calls.ts';
import { toWire } from './wire.ts';

/** One request, one answer. The signal of the request cancels the call; so does closing the transport. */
export function makeUnaryCall<I extends DescMessage, O extends DescMessage>(
  openCalls: OpenCalls,
  request: UnaryRequest<I, O>,
  deadline: Date,
): Promise<UnaryResponse<I, O>> {
  const { method, service, signal } = request;
  const { path, serialize, parse } = toWire(method);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let header = new Headers();
    let message: MessageShape<O> | undefined;
    let failure: ServiceError | null = null;
    const metadata = metadataFromHeaders(request.header);
    const call = openCalls.client.makeUnaryRequest(
      path,
      serialize,
      parse,
      request.message,
      metadata,
      { deadline },
      (error, answer) => {
        failure = error;
        message = answer;
      },
    );
    const cancel = () => {
      reject(ConnectError.from(signal.reason, Code.Canceled));
      call.cancel();
    };
    openCalls.add(call);
    signal.addEventListener('abort', cancel, { once: true });
    call.on('metadata', (received) => {
      header = headersFromMetadata(received);
    });
    // The status comes last, after message or failure, and it alone has the trailers of a call that went well.
    call.on('status', (status) => {
      openCalls.delete(call);
      signal.removeEventListener('abort', cancel);
      if (status.code !== grpcStatus.OK) reject(connectErrorFromStatus(status));
      else if (failure !== null || message === undefined)
        reject(connectErrorFromStatus(failure ?? { ...status, code: grpcStatus.INTERNAL }));
      else
        resolve({
          stream: false,
          service,
          method,
          header,
          message,
          trailer: headersFromMetadata(status.metadata),
        });
    });
  });
}
