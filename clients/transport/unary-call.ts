import type { Buffer } from 'node:buffer';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type UnaryRequest, type UnaryResponse } from '@connectrpc/connect';
import { status as grpcStatus, Metadata, type StatusObject } from '@grpc/grpc-js';
import { answerDecoderOf } from './answer-decoder.ts';
import { markNotSent } from './call-not-sent.ts';
import { connectErrorFromStatus } from './connect-error.ts';
import { headersFromMetadata, metadataFromHeaders } from './metadata-headers.ts';
import type { OpenCalls } from './open-calls.ts';
import { toWire } from './wire.ts';

const NOTHING = new Metadata();
const ENDED: Came<never> = { header: NOTHING, message: undefined, failure: undefined };

/**
 * One request, one answer. The signal of the request cancels the call; so does closing the transport. Goes to the channel
 * itself as grpc-js' Client does, without what that makes for each call: an emitter, interceptors and a stack trace.
 */
export function makeUnaryCall<I extends DescMessage, O extends DescMessage>(
  openCalls: OpenCalls,
  request: UnaryRequest<I, O>,
  deadline: Date,
): Promise<UnaryResponse<I, O>> {
  return new Promise((resolve, reject) => {
    request.signal.throwIfAborted();
    new UnaryCall(openCalls, { request, resolve, reject }).send(deadline);
  });
}

/** Whose call it is, and where its end is told. */
interface Asked<I extends DescMessage, O extends DescMessage> {
  readonly request: UnaryRequest<I, O>;
  readonly resolve: (response: UnaryResponse<I, O>) => void;
  readonly reject: (error: ConnectError) => void;
}

/** What has come of it so far. */
interface Came<O extends DescMessage> {
  header: Metadata;
  message: MessageShape<O> | undefined;
  /** Comes with the message, and the status that tells of its end says nothing of it. */
  failure: ConnectError | undefined;
}

/**
 * What grpc-js is given of a call. At the end it lets go of everything, because it outlives the call: streams and calls stand
 * in Maps and Sets of node:http2 and grpc-js, and what hangs on those is garbage to full collections only (docs/adr/0028-letting-go.md).
 */
class UnaryCall<I extends DescMessage, O extends DescMessage> {
  #asked: Asked<I, O> | undefined;
  #came: Came<O> = { header: NOTHING, message: undefined, failure: undefined };
  #call: ReturnType<OpenCalls['channel']['createCall']> | undefined;
  readonly #openCalls: OpenCalls;

  constructor(openCalls: OpenCalls, asked: Asked<I, O>) {
    this.#openCalls = openCalls;
    this.#asked = asked;
  }

  send(deadline: Date): void {
    const { request } = this.#asked as Asked<I, O>;
    const { path, serialize } = toWire(request.method);
    const bytes = toBytes(() => serialize(request.message));
    const metadata = metadataFromHeaders(request.header);
    const call = this.#openCalls.channel.createCall(path, deadline, undefined, null, undefined);
    this.#call = call;
    this.#openCalls.add(this);
    request.signal.addEventListener('abort', this);
    call.start(metadata, this);
    call.startRead();
    call.sendMessageWithContext({}, bytes);
    call.halfClose();
  }

  cancel(): void {
    this.#call?.cancelWithStatus(grpcStatus.CANCELLED, 'Cancelled on client');
  }

  /** The signal aborts. */
  handleEvent(): void {
    this.#asked?.reject(ConnectError.from(this.#asked.request.signal.reason, Code.Canceled));
    this.cancel();
  }

  onReceiveMetadata(received: Metadata): void {
    this.#came.header = received;
  }

  onReceiveMessage(received: Buffer): void {
    const { request } = this.#asked as Asked<I, O>;
    const { parse } = toWire(request.method, answerDecoderOf(request.method, request.contextValues));
    try {
      this.#came.message = parse(received);
    } catch (cause) {
      this.#came.failure = toInternal('Response message parsing error', cause);
      this.cancel();
    }
  }

  /** Comes last, and it alone has the trailers of a call that went well. */
  onReceiveStatus(status: StatusObject): void {
    const { request, resolve, reject } = this.#asked as Asked<I, O>;
    const { header, message, failure } = this.#came;
    this.#openCalls.delete(this);
    request.signal.removeEventListener('abort', this);
    this.#asked = undefined;
    this.#came = ENDED;
    this.#call = undefined;
    const { method, service } = request;
    if (failure !== undefined) reject(failure);
    else if (status.code !== grpcStatus.OK) reject(connectErrorFromStatus(status));
    else if (message === undefined) reject(connectErrorFromStatus(withoutMessage(status)));
    else resolve(toResponse({ stream: false, service, method, message }, header, status.metadata));
  }
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
