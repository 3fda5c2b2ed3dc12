import { once } from 'node:events';
import type { DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError, type StreamRequest, type StreamResponse } from '@connectrpc/connect';
import { type ClientDuplexStream, status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import { connectErrorFromStatus } from './call-errors.ts';
import type { OpenCalls } from './open-calls.ts';
import { headersFromMetadata, metadataFromHeaders, toWire } from './wire.ts';

/**
 * A call that streams in any direction: on the wire a server stream is one that the client ends after one message.
 * Resolves once headers have come. Who stops reading early must abort the signal, as with Connect's own transports.
 */
export async function makeStreamCall<I extends DescMessage, O extends DescMessage>(
  openCalls: OpenCalls,
  request: StreamRequest<I, O>,
  deadline: Date | undefined,
): Promise<StreamResponse<I, O>> {
  const { method, service, signal } = request;
  if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
  const { path, serialize, parse } = toWire(method);
  const metadata = metadataFromHeaders(request.header);
  const call = openCalls.client.makeBidiStreamRequest(
    path,
    serialize,
    parse,
    metadata,
    deadline ? { deadline } : {},
  );
  const end = watchEnd(call);
  const cancel = () => call.cancel();
  openCalls.add(call);
  signal.addEventListener('abort', cancel, { once: true });
  end.status.then(() => {
    openCalls.delete(call);
    signal.removeEventListener('abort', cancel);
  });
  writeMessages(call, request.message, signal).catch((error) => end.fail(error));
  const header = await readHeader(call, end);
  return { stream: true, service, method, header, trailer: end.trailer, message: readMessages(call, end) };
}

/** How a stream ends, known to its writer and its reader. */
interface StreamEnd {
  status: Promise<StatusObject>;
  /** Filled when the status is known. */
  trailer: Headers;
  /** The writer could not go on: ends the call, and the reader is told this error instead of the status. */
  fail(error: unknown): void;
  /** Throws unless the call went well. */
  check(status: StatusObject): void;
}

function watchEnd<I, O>(call: ClientDuplexStream<I, O>): StreamEnd {
  const { promise, resolve } = Promise.withResolvers<StatusObject>();
  const trailer = new Headers();
  let isEnded = false;
  let failure: ConnectError | undefined;
  call.on('status', (status) => {
    isEnded = true;
    for (const [name, value] of headersFromMetadata(status.metadata)) trailer.append(name, value);
    resolve(status);
  });
  // The status says the same as the error, which would end the process if nobody listened.
  call.on('error', () => {});
  return {
    status: promise,
    trailer,
    fail(error) {
      if (isEnded) return;
      failure = ConnectError.from(error, Code.Canceled);
      call.cancel();
    },
    check(status) {
      if (failure !== undefined) throw failure;
      if (status.code !== grpcStatus.OK) throw connectErrorFromStatus(status);
    },
  };
}

/** The headers, or none where the answer is only a status. */
async function readHeader<I, O>(call: ClientDuplexStream<I, O>, end: StreamEnd): Promise<Headers> {
  const received = new Promise<Headers>((resolve) =>
    call.on('metadata', (metadata) => resolve(headersFromMetadata(metadata))),
  );
  const ended = end.status.then((status) => {
    end.check(status);
    return new Headers();
  });
  return Promise.race([received, ended]);
}

async function writeMessages<I, O>(
  call: ClientDuplexStream<I, O>,
  messages: AsyncIterable<I>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (!call.write(message)) await once(call, 'drain', { signal });
  }
  call.end();
}

async function* readMessages<I, O>(call: ClientDuplexStream<I, O>, end: StreamEnd): AsyncGenerator<O> {
  try {
    yield* call;
  } catch {
    // What ended the stream is in the status, with its trailers: thrown below.
  } finally {
    call.cancel();
  }
  end.check(await end.status);
}
