import { once } from 'node:events';
import type { DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError, type StreamRequest, type StreamResponse } from '@connectrpc/connect';
import { type ClientDuplexStream, status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import { connectErrorFromStatus } from './call-errors.ts';
import type { OpenCalls } from './open-calls.ts';
import { headersFromMetadata, metadataFromHeaders, toWire } from './wire.ts';

/**
 * Makes a streaming call of any kind; a server stream is one that the client ends after one message. Resolves
 * with the headers. A caller that stops reading early must abort the signal, as with Connect's transports.
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

/** The end of a stream, shared by its writer and its reader. */
interface StreamEnd {
  status: Promise<StatusObject>;
  /** Filled once the status is known. */
  trailer: Headers;
  /** Cancels the call because the writer failed. The reader gets this error in place of the status. */
  fail(error: unknown): void;
  /** @throws the error of the writer, or the ConnectError of a status that is not OK */
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
  // The status carries the same error. Without a listener the event would end the process.
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

/** The headers. Empty when the response is only a status. */
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
    // The status names the cause, with its trailers; it is thrown below.
  } finally {
    call.cancel();
  }
  end.check(await end.status);
}
