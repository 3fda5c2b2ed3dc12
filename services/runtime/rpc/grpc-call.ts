import { once } from 'node:events';
import type { Message } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import type { Call } from './call.ts';
import { decodeRequest } from './decode.ts';
import { toGrpcStatus } from './grpc-status.ts';
import type { PreparedAnswer } from './prepared-answer.ts';
import type { Route } from './route.ts';

// One for all: the exception that stands in for none takes a trace of the stack, and calls that ended well are aborted too.
const GONE = new Error('The caller is gone, or has its answer.');

type Answer = Message | PreparedAnswer<Message>;

type Surface = grpc.ServerUnaryCall<Buffer, Answer> &
  grpc.ServerReadableStream<Buffer, Answer> &
  grpc.ServerWritableStream<Buffer, Answer> &
  grpc.ServerDuplexStream<Buffer, Answer>;

/** Makes a route a handler of grpc-js, of whichever of its four kinds. */
export function serveGrpcCall(route: Route): grpc.UntypedHandleCall {
  const streams =
    route.method.methodKind === 'server_streaming' || route.method.methodKind === 'bidi_streaming';
  const serve = streams
    ? (surface: Surface) => void serveStreaming(route, surface)
    : (surface: Surface, callback: grpc.sendUnaryData<Answer>) => void serveSingle(route, surface, callback);
  return serve as grpc.UntypedHandleCall;
}

async function serveSingle(
  route: Route,
  surface: Surface,
  callback: grpc.sendUnaryData<Answer>,
): Promise<void> {
  let answer: Answer | null = null;
  const call = new GrpcCall(route, surface, (message) => {
    answer = message;
  });
  try {
    await route.handle(call);
    call.flushHeaders();
    callback(null, answer);
  } catch (error) {
    call.flushHeaders();
    callback(toGrpcStatus(error));
  }
}

async function serveStreaming(route: Route, surface: Surface): Promise<void> {
  const call: GrpcCall = new GrpcCall(route, surface, (message) => {
    call.flushHeaders();
    return surface.write(message) ? undefined : drained(surface, call.signal);
  });
  try {
    await route.handle(call);
    call.flushHeaders();
    surface.end();
  } catch (error) {
    call.flushHeaders();
    surface.emit('error', toGrpcStatus(error));
  }
}

// A caller that went away never drains.
async function drained(surface: Surface, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await once(surface, 'drain', { signal });
}

class GrpcCall implements Call {
  readonly door = 'grpc';
  readonly method: Call['method'];
  send: Call['send'];
  readonly peer: string;
  requestId = '';
  caller = '';
  grant: Call['grant'];
  readonly #surface: Surface;
  #request: Message | undefined;
  #abortController: AbortController | undefined;
  #headers: grpc.Metadata | undefined;

  constructor(route: Route, surface: Surface, send: Call['send']) {
    this.method = route.method;
    this.#surface = surface;
    // Once the caller is gone, nobody knows any more.
    this.peer = surface.getPeer();
    this.send = send;
  }

  get request(): Message {
    this.#request ??= decodeRequest(this.method.input, this.#surface.request);
    return this.#request;
  }

  get requests(): AsyncIterable<Message> {
    return decodeAll(this.method.input, this.#surface);
  }

  // Made on demand: most calls end before anybody asks.
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

async function* decodeAll(schema: Call['method']['input'], surface: Surface): AsyncIterable<Message> {
  for await (const bytes of surface as AsyncIterable<Buffer>) yield decodeRequest(schema, bytes);
}
