import { AsyncLocalStorage } from 'node:async_hooks';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Grant } from '../callers/grants.ts';

/** Through which door, and in which protocol, a call came in. */
export type Protocol = 'grpc' | 'connect' | 'grpc-web';

/** One call in progress, the same whichever door it came through. */
export interface Call {
  readonly method: DescMethod;
  readonly protocol: Protocol;
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

/**
 * An answer that its handler can give in two forms, and makes in the one that the door wants: bytes where the wire is
 * binary and they are at hand, the message where it is turned into something else, such as JSON. Both must say the same.
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

/** Serves a call so that everything it leads to can ask about it. */
export function runAsCurrent<T>(call: Call, serve: () => T): T {
  return calls.run(call, serve);
}

/** The id of the call that is being served here. Undefined outside of calls. For calls to other services, to pass it on. */
export function currentRequestId(): string | undefined {
  return calls.getStore()?.requestId;
}

/**
 * Answers whether nobody waits any more for the call that is being served here: its caller went away, or its deadline passed.
 * For those who are about to begin something dear. Outside of calls: never.
 */
export function watchCurrentCall(): () => boolean {
  const call = calls.getStore();
  return () => call?.signal.aborted ?? false;
}
