import type { Buffer } from 'node:buffer';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type UnaryRequest, type UnaryResponse } from '@connectrpc/connect';
import { status as grpcStatus, Metadata, type StatusObject } from '@grpc/grpc-js';
import { connectErrorFromStatus, markNotSent } from './call-errors.ts';
import type { OpenCalls } from './open-calls.ts';
import { answerDecoderOf, headersFromMetadata, metadataFromHeaders, toWire } from './wire.ts';

const NOTHING = new Metadata();

/** Where one unary call goes, how long it may take, and whether it may be sent twice. */
export interface UnaryCallOptions {
  readonly deadline: Date;
  /**
   * Whether a call is sent once more whose connection broke between the answer's headers and its message. grpc-js retries no
   * call whose headers came, so a server's death would fail such a read although nothing of the answer was used.
   */
  readonly isRetried: boolean;
}

/**
 * One request, one answer. The signal of the request cancels the call; so does closing the transport. Goes to the channel
 * itself as grpc-js' Client does, without what that makes for each call: an emitter, interceptors and a stack trace.
 */
export function makeUnaryCall<I extends DescMessage, O extends DescMessage>(
  openCalls: OpenCalls,
  request: UnaryRequest<I, O>,
  { deadline, isRetried }: UnaryCallOptions,
): Promise<UnaryResponse<I, O>> {
  return new Promise((resolve, reject) => {
    request.signal.throwIfAborted();
    const { path, serialize, parse } = toWire(
      request.method,
      answerDecoderOf(request.method, request.contextValues),
    );
    const bytes = toBytes(() => serialize(request.message));
    const send = (retry?: () => void) => {
      const metadata = metadataFromHeaders(request.header);
      const call = openCalls.channel.createCall(path, deadline, undefined, null, undefined);
      const pending = { request, parse, resolve, reject, retry, header: NOTHING };
      call.start(metadata, new UnaryCall(openCalls, call, pending));
      call.startRead();
      call.sendMessageWithContext({}, bytes);
      call.halfClose();
    };
    send(isRetried ? () => send() : undefined);
  });
}

/** Whose call it is, where its end is told, and what has come of it so far. */
interface Pending<I extends DescMessage, O extends DescMessage> {
  readonly request: UnaryRequest<I, O>;
  readonly parse: (bytes: Buffer) => MessageShape<O>;
  readonly resolve: (response: UnaryResponse<I, O>) => void;
  readonly reject: (error: ConnectError) => void;
  /** Sends it once more. Undefined: it may not be. */
  readonly retry: (() => void) | undefined;
  header: Metadata;
  message?: MessageShape<O>;
  /** Comes with the message, and the status that tells of its end says nothing of it. */
  failure?: ConnectError;
}

type ChannelCall = ReturnType<OpenCalls['channel']['createCall']>;

/**
 * What grpc-js is given of a call. At the end it lets go of everything, because it outlives the call: streams and calls stand
 * in Maps and Sets of node:http2 and grpc-js, and what hangs on those is garbage to full collections only (docs/adr/0028-letting-go.md).
 */
class UnaryCall<I extends DescMessage, O extends DescMessage> {
  readonly #openCalls: OpenCalls;
  #call: ChannelCall | undefined;
  /** Undefined: it has ended. */
  #pending: Pending<I, O> | undefined;

  constructor(openCalls: OpenCalls, call: ChannelCall, pending: Pending<I, O>) {
    this.#openCalls = openCalls;
    this.#call = call;
    this.#pending = pending;
    openCalls.add(this);
    pending.request.signal.addEventListener('abort', this);
  }

  cancel(): void {
    this.#call?.cancelWithStatus(grpcStatus.CANCELLED, 'Cancelled on client');
  }

  /** The signal aborts. */
  handleEvent(): void {
    this.#pending?.reject(ConnectError.from(this.#pending.request.signal.reason, Code.Canceled));
    this.cancel();
  }

  onReceiveMetadata(received: Metadata): void {
    if (this.#pending !== undefined) this.#pending.header = received;
  }

  onReceiveMessage(received: Buffer): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    try {
      pending.message = pending.parse(received);
    } catch (cause) {
      pending.failure = toInternal('Response message parsing error', cause);
      this.cancel();
    }
  }

  /** Comes last, and it alone has the trailers of a call that went well. */
  onReceiveStatus(status: StatusObject): void {
    if (this.#pending === undefined) return;
    const { request, resolve, reject, retry, header, message, failure } = this.#pending;
    this.#pending = undefined;
    this.#call = undefined;
    this.#openCalls.delete(this);
    request.signal.removeEventListener('abort', this);
    const { method, service } = request;
    if (failure !== undefined) reject(failure);
    else if (retry !== undefined && isBrokenOff(status, header) && !this.#openCalls.isClosed) retry();
    else if (status.code !== grpcStatus.OK) reject(connectErrorFromStatus(status));
    else if (message === undefined) reject(connectErrorFromStatus(withoutMessage(status)));
    else resolve(toResponse({ stream: false, service, method, message }, header, status.metadata));
  }
}

/** Whether the call failed after the headers and the server sent no trailers of its own, which may ask for a pause. */
function isBrokenOff({ code, metadata }: StatusObject, header: Metadata): boolean {
  return code === grpcStatus.UNAVAILABLE && header !== NOTHING && Object.keys(metadata.getMap()).length === 0;
}

function toBytes(serialize: () => Buffer): Buffer {
  try {
    return serialize();
  } catch (cause) {
    throw markNotSent(toInternal('Request message serialization failure', cause));
  }
}

/** What was thrown becomes INTERNAL, in grpc-js' own words. */
function toInternal(what: string, cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ConnectError(`${what}: ${why}`, Code.Internal, undefined, undefined, cause);
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
