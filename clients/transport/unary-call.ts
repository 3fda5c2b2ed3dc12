import type { Buffer } from 'node:buffer';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type UnaryRequest, type UnaryResponse } from '@connectrpc/connect';
import { status as grpcStatus, Metadata, type StatusObject } from '@grpc/grpc-js';
import { answerDecoderOf } from './answer-decoder.ts';
import { connectErrorFromStatus } from './connect-error.ts';
import { headersFromMetadata, metadataFromHeaders } from './metadata-headers.ts';
import type { OpenCalls } from './open-calls.ts';
import { toWire } from './wire.ts';

/**
 * One request, one answer. The signal of the request cancels the call; so does closing the transport. Goes to the channel
 * itself as grpc-js' Client does, without what that makes for each call: an emitter, interceptors and a stack trace.
 */
export function makeUnaryCall<I extends DescMessage, O extends DescMessage>(
  openCalls: OpenCalls,
  request: UnaryRequest<I, O>,
  deadline: Date,
): Promise<UnaryResponse<I, O>> {
  const { method, service, signal } = request;
  const { path, serialize, parse } = toWire(method, answerDecoderOf(method, request.contextValues));
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const bytes = refuseAs('Request message serialization failure', () => serialize(request.message));
    const metadata = metadataFromHeaders(request.header);
    const call = openCalls.channel.createCall(path, deadline, undefined, null, undefined);
    const cancelable = { cancel: () => call.cancelWithStatus(grpcStatus.CANCELLED, 'Cancelled on client') };
    const onAbort = () => {
      reject(ConnectError.from(signal.reason, Code.Canceled));
      cancelable.cancel();
    };
    let header = NOTHING;
    let message: MessageShape<O> | undefined;
    // Comes with the message, and the status that tells of its end says nothing of it.
    let failure: ConnectError | undefined;
    openCalls.add(cancelable);
    signal.addEventListener('abort', onAbort);
    call.start(metadata, {
      onReceiveMetadata(received) {
        header = received;
      },
      onReceiveMessage(received: Buffer) {
        try {
          message = refuseAs('Response message parsing error', () => parse(received));
        } catch (error) {
          failure = error as ConnectError;
          cancelable.cancel();
        }
      },
      // Comes last, and it alone has the trailers of a call that went well.
      onReceiveStatus(status) {
        openCalls.delete(cancelable);
        signal.removeEventListener('abort', onAbort);
        if (failure !== undefined) reject(failure);
        else if (status.code !== grpcStatus.OK) reject(connectErrorFromStatus(status));
        else if (message === undefined) reject(connectErrorFromStatus(withoutMessage(status)));
        else resolve(toResponse({ stream: false, service, method, message }, header, status.metadata));
      },
    });
    call.startRead();
    call.sendMessageWithContext({}, bytes);
    call.halfClose();
  });
}

const NOTHING = new Metadata();

/** Runs `work`; what it throws becomes INTERNAL, in grpc-js' own words. */
function refuseAs<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(`${what}: ${why}`, Code.Internal, undefined, undefined, cause);
  }
}

function withoutMessage(status: StatusObject): StatusObject {
  return { ...status, code: grpcStatus.UNIMPLEMENTED, details: 'No message received' };
}

/** Headers and trailers are made when they are looked at, which few do. */
function toResponse<I extends DescMessage, O extends DescMessage>(
  answer: Omit<UnaryResponse<I, O>, 'header' | 'trailer'>,
  header: Metadata,
  trailer: Metadata,
): UnaryResponse<I, O> {
  let headers: Headers | undefined;
  let trailers: Headers | undefined;
  return {
    ...answer,
    get header() {
      headers ??= headersFromMetadata(header);
      return headers;
    },
    get trailer() {
      trailers ??= headersFromMetadata(trailer);
      return trailers;
    },
  };
}
