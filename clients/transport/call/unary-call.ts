import type { Buffer } from 'node:buffer';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type UnaryRequest, type UnaryResponse } from '@connectrpc/connect';
import { status as grpcStatus, Metadata, type StatusObject } from '@grpc/grpc-js';
import { connectErrorFromStatus, markNotSent } from './call-errors.ts';
import type { OpenCalls } from './open-calls.ts';
import { answerDecoderOf, headersFromMetadata, metadataFromHeaders, toWire } from './wire.ts';

const NOTHING = new Metadata();

/** The deadline of a unary call, and whether it may be sent twice. */
interface UnaryCallOptions {
  readonly deadline: Date;
  /**
   * Whether the call is sent again when its connection breaks between the headers and the message. grpc-js
   * retries no call whose headers came, so the death of a server would fail such a read.
   */
  readonly isRetried: boolean;
}

/**
 * Makes a unary call. An abort of the request's signal cancels it, and so does closing the transport. It uses
 * the channel directly: grpc-js' Client creates an emitter, interceptors and a stack trace for each call.
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

/** The caller of an open call, and what has arrived so far. */
interface Pending<I extends DescMessage, O extends DescMessage> {
  readonly request: UnaryRequest<I, O>;
  readonly parse: (bytes: Buffer) => MessageShape<O>;
  readonly resolve: (response: UnaryResponse<I, O>) => void;
  readonly reject: (error: ConnectError) => void;
  /** Sends the call again. Undefined: it may not be sent again. */
  readonly retry: (() => void) | undefined;
  header: Metadata;
  message?: MessageShape<O>;
  /** A message that cannot be decoded; the status of the call does not name it. */
  failure?: ConnectError;
}

type ChannelCall = ReturnType<OpenCalls['channel']['createCall']>;

/**
 * Receives the events of a call from grpc-js. It drops all references at the end, because grpc-js and
 * node:http2 keep it in Maps and Sets until a full garbage collection (docs/adr/0028-released-references.md).
 */
class UnaryCall<I extends DescMessage, O extends DescMessage> {
  readonly #openCalls: OpenCalls;
  #call: ChannelCall | undefined;
  /** Undefined: the call has ended. */
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

  /** Runs when the signal aborts. */
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

  /** Arrives last, and alone has the trailers of a successful call. */
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

/**
 * Whether the connection broke after the headers. A server that fails itself sends trailers, which may ask
 * for a pause.
 */
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

/** An INTERNAL error in grpc-js' wording. */
function toInternal(what: string, cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ConnectError(`${what}: ${why}`, Code.Internal, undefined, undefined, cause);
}

function withoutMessage(status: StatusObject): StatusObject {
  return { ...status, code: grpcStatus.UNIMPLEMENTED, details: 'No message received' };
}

/** Headers and trailers are converted on first use, because few callers read them. */
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
