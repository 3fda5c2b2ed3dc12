import { AsyncLocalStorage } from 'node:async_hooks';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Grant } from '../callers/grants.ts';

/** The protocol of a call. */
export type Protocol = 'grpc' | 'connect' | 'grpc-web';

/** A call in progress, over either server. */
export interface Call {
  readonly method: DescMethod;
  readonly protocol: Protocol;
  /** Address of the caller, `host:port`. Empty when unknown. */
  readonly peer: string;
  /**
   * The request of a unary or server-streaming call.
   * @throws RpcError MESSAGE_MALFORMED when it cannot be decoded
   */
  readonly request: Message;
  /** The requests of a client-streaming or bidirectional call. */
  readonly requests: AsyncIterable<Message>;
  /** Aborts when the caller disconnects, the deadline passes, or the server drains for too long. */
  readonly signal: AbortSignal;
  /** Aborts `signal`. A reason that is an RpcError is sent to the caller. */
  abort(reason: unknown): void;
  /** Time until the caller's deadline. Milliseconds. Undefined without a deadline. */
  timeoutMs(): number | undefined;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
  /** Sets a header of the response. Call it before the first `send`. */
  setHeader(name: string, value: string): void;
  /** Sends an answer: one in a unary call, any number in a stream. Resolves when more may be sent. */
  send: (answer: Message | PreparedAnswer<Message>) => Promise<void> | void;
  /** Id of the call in logs and errors. Set by `withRequestId`. */
  requestId: string;
  /** Id of the caller. Set by `withAuthentication`; empty before. */
  caller: string;
  /** The grant that covers this call. Set by `withAuthorisation`; undefined where everything is granted. */
  grant: Grant | undefined;
}

/** Serves a call to its end. Throws to fail it. */
export type Handler = (call: Call) => Promise<void>;

/**
 * Wraps the handler of a method, or returns `next` itself for methods that it ignores. The doc of each
 * interceptor names those that must come before it.
 */
export type Interceptor = (next: Handler, method: DescMethod) => Handler;

/** Path of a method: "rollcall.user.v1.UserService/GetUser". */
export function methodPath(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/**
 * An answer in two forms, of which the server takes one: bytes for binary protocols, a message for JSON. Both
 * must be equal.
 */
export class PreparedAnswer<Answer extends Message> {
  readonly toBytes: () => Uint8Array;
  readonly toMessage: () => Answer;

  constructor(forms: { toBytes: () => Uint8Array; toMessage: () => Answer }) {
    this.toBytes = forms.toBytes;
    this.toMessage = forms.toMessage;
  }
}

const calls = new AsyncLocalStorage<Call>();

/** Runs `serve` with the call as the current one, in everything that it awaits. */
export function runAsCurrent<T>(call: Call, serve: () => T): T {
  return calls.run(call, serve);
}

/** The request id of the current call, to pass it on to other services. Undefined outside of calls. */
export function currentRequestId(): string | undefined {
  return calls.getStore()?.requestId;
}

/**
 * Returns a function that answers whether the current call has ended: its caller disconnected or its deadline
 * passed. Check it before expensive work. Always false outside of calls.
 */
export function watchCurrentCall(): () => boolean {
  const call = calls.getStore();
  return () => call?.signal.aborted ?? false;
}
