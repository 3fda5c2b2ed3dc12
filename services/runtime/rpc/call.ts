import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Grant } from '../callers/grants.ts';
import type { PreparedAnswer } from './prepared-answer.ts';

/** Through which door, and in which protocol, a call came in. */
export type Door = 'grpc' | 'connect' | 'grpc-web';

/** One call in progress, the same whichever door it came through. */
export interface Call {
  readonly method: DescMethod;
  readonly door: Door;
  /** Address of the caller, `host:port`, or empty where the door does not know it. */
  readonly peer: string;
  /** The one request of a unary or server-streaming call. Throws RpcError MESSAGE_MALFORMED where it cannot be decoded. */
  readonly request: Message;
  /** The requests of a client-streaming or bidirectional call. */
  readonly requests: AsyncIterable<Message>;
  /** Aborted when the caller goes away, the deadline passes, or the process drains too long. */
  readonly signal: AbortSignal;
  /** Aborts `signal`. The reason, where it is an RpcError, is what the caller is told. */
  abort(reason: unknown): void;
  /** What is left until the caller's deadline; undefined where the caller set none. */
  timeoutMs(): number | undefined;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
  /** Sets a header of the response; before the first `send`. */
  setHeader(name: string, value: string): void;
  /** Answers: once in a unary call, any number of times in a streaming one. Resolves when more may be sent. */
  send: (answer: Message | PreparedAnswer<Message>) => Promise<void> | void;
  /** Names the call in logs and errors; set by `withRequestId`. */
  requestId: string;
  /** Who asks; empty until `withAuthentication` has said. */
  caller: string;
  /** What the caller is allowed, as far as this call goes; set by `withAuthorisation` where grants are asked for. */
  grant: Grant | undefined;
}

/** Serves a call to its end. Throws to fail it. */
export type Handler = (call: Call) => Promise<void>;

/**
 * Wraps the handler of a method; answers `next` itself where the method is no concern of its. Its doc says which interceptors
 * must stand before it.
 */
export type Interceptor = (next: Handler, method: DescMethod) => Handler;

/** "rollcall.user.v1.UserService/GetUser" */
export function methodPath(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
