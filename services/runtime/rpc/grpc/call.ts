import { once } from 'node:events';
import type { Message } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import type { Call, PreparedAnswer } from '../call.ts';
import type { Route } from '../route.ts';
import { decodeRequest, type RequestSizes, requestSizes } from '../sizes/request-sizes.ts';
import { toGrpcStatus } from './status.ts';

// Shared, because a new exception takes a stack trace for every call, even for those that ended well.
const GONE = new Error('The caller is gone, or has its answer.');

type Answer = Message | PreparedAnswer<Message>;

type Surface = grpc.ServerUnaryCall<Buffer, Answer> &
  grpc.ServerReadableStream<Buffer, Answer> &
  grpc.ServerWritableStream<Buffer, Answer> &
  grpc.ServerDuplexStream<Buffer, Answer>;

/** Converts a route into a handler of grpc-js. */
export function serveGrpcCall(route: Route): grpc.UntypedHandleCall {
  // Read at the start: a method with unbounded fields is not served.
  const sizes = requestSizes(route.method);
  const streams =
    route.method.methodKind === 'server_streaming' || route.method.methodKind === 'bidi_streaming';
  const serve = streams
    ? (surface: Surface) => void serveStreaming({ route, sizes }, surface)
    : (surface: Surface, callback: grpc.sendUnaryData<Answer>) =>
        void serveSingle({ route, sizes }, surface, callback);
  return serve as grpc.UntypedHandleCall;
}

/** A route and the sizes of its requests. */
interface SizedRoute {
  readonly route: Route;
  readonly sizes: RequestSizes;
}

async function serveSingle(
  served: SizedRoute,
  surface: Surface,
  callback: grpc.sendUnaryData<Answer>,
): Promise<void> {
  let answer: Answer | null = null;
  const call = new GrpcCall(served, surface, (message) => {
    answer = message;
  });
  try {
    await served.route.handle(call);
    call.flushHeaders();
    callback(null, answer);
  } catch (error) {
    call.flushHeaders();
    callback(toGrpcStatus(error));
  }
}

async function serveStreaming(served: SizedRoute, surface: Surface): Promise<void> {
  const call: GrpcCall = new GrpcCall(served, surface, (message) => {
    call.flushHeaders();
    return surface.write(message) ? undefined : drained(surface, call.signal);
  });
  try {
    await served.route.handle(call);
    call.flushHeaders();
    surface.end();
  } catch (error) {
    call.flushHeaders();
    surface.emit('error', toGrpcStatus(error));
  }
}

// A stream whose caller disconnected never drains.
async function drained(surface: Surface, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await once(surface, 'drain', { signal });
}

class GrpcCall implements Call {
  readonly protocol = 'grpc';
  readonly method: Call['method'];
  send: Call['send'];
  readonly peer: string;
  requestId = '';
  caller = '';
  grant: Call['grant'];
  readonly #surface: Surface;
  readonly #sizes: RequestSizes;
  #request: Message | undefined;
  #abortController: AbortController | undefined;
  #headers: grpc.Metadata | undefined;

  constructor({ route, sizes }: SizedRoute, surface: Surface, send: Call['send']) {
    this.method = route.method;
    this.#sizes = sizes;
    this.#surface = surface;
    // grpc-js does not know the peer after the caller disconnects.
    this.peer = surface.getPeer();
    this.send = send;
  }

  get request(): Message {
    this.#request ??= decodeRequest(this.#sizes, this.#surface.request);
    return this.#request;
  }

  get requests(): AsyncIterable<Message> {
    return decodeAll(this.#sizes, this.#surface);
  }

  // Created on demand, because most calls end without a use of it.
  get signal(): AbortSignal {
    return this.#controller().signal;
  }

  abort(reason: unknown): void {
    this.#controller().abort(reason);
  }

  timeoutMs(): number | undefined {
    const deadline = this.#surface.getDeadline();
    return deadline === Number.POSITIVE_INFINITY ? undefined : Number(deadline) - Date.now();
  }

  header(name: string): string | undefined {
    const value = this.#surface.metadata.get(name)[0];
    return value === undefined ? undefined : value.toString();
  }

  setHeader(name: string, value: string): void {
    this.#headers ??= new grpc.Metadata();
    this.#headers.set(name, value);
  }

  flushHeaders(): void {
    if (!this.#headers || this.#surface.cancelled) return;
    this.#surface.sendMetadata(this.#headers);
    this.#headers = undefined;
  }

  #controller(): AbortController {
    if (!this.#abortController) {
      const controller = new AbortController();
      this.#abortController = controller;
      if (this.#surface.cancelled) controller.abort(GONE);
      else this.#surface.once('cancelled', () => controller.abort(GONE));
    }
    return this.#abortController;
  }
}

async function* decodeAll(sizes: RequestSizes, surface: Surface): AsyncIterable<Message> {
  // A destroyed stream cannot send its status.
  const messages = surface.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const bytes of messages) yield decodeRequest(sizes, bytes);
}
