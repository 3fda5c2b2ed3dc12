import type { Message } from '@bufbuild/protobuf';
import { type ContextKey, createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { Call, Protocol } from '../call.ts';
import type { RpcError } from '../errors.ts';

/** Facts about a request that are recorded before Connect reads it. */
export interface HttpArrival {
  readonly peer: string;
  /** Set once the chain of interceptors has the call. */
  served: boolean;
  /** Reason why the request must not be served. Absent: it may be. */
  fault?: RpcError;
}

/** Passes the facts about a request to its handler. */
export const arrivalKey: ContextKey<HttpArrival> = createContextKey<HttpArrival>(
  { peer: '', served: false },
  { description: 'where a request came from' },
);

/** Input of a Connect handler: the request, or the stream of requests. */
export type HttpInput = Message | AsyncIterable<Message>;

/** A call over the HTTP server. */
export class HttpCall implements Call {
  send: Call['send'];
  requestId = '';
  caller = '';
  grant: Call['grant'];
  readonly #input: HttpInput;
  readonly #context: HandlerContext;
  readonly #aborter = new AbortController();
  readonly signal: AbortSignal;

  constructor(input: HttpInput, context: HandlerContext, send: Call['send']) {
    this.#input = input;
    this.#context = context;
    this.send = send;
    this.signal = AbortSignal.any([context.signal, this.#aborter.signal]);
  }

  get method(): Call['method'] {
    return this.#context.method;
  }

  get protocol(): Protocol {
    return this.#context.protocolName as Protocol;
  }

  get peer(): string {
    return this.#context.values.get(arrivalKey).peer;
  }

  get request(): Message {
    const { fault } = this.#context.values.get(arrivalKey);
    if (fault) throw fault;
    return this.#input as Message;
  }

  get requests(): AsyncIterable<Message> {
    return this.#input as AsyncIterable<Message>;
  }

  abort(reason: unknown): void {
    this.#aborter.abort(reason);
  }

  timeoutMs(): number | undefined {
    return this.#context.timeoutMs();
  }

  header(name: string): string | undefined {
    return this.#context.requestHeader.get(name) ?? undefined;
  }

  setHeader(name: string, value: string): void {
    this.#context.responseHeader.set(name, value);
  }
}
