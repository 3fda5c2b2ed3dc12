import { constants, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type * as grpc from '@grpc/grpc-js';
import type { RpcError } from '../errors.ts';
import { decompressions } from '../ingress/decompression.ts';
import { MessageAssembler, PREFIX_BYTES } from '../ingress/message-assembler.ts';
import {
  AwaitedMessage,
  type PartialMessageRefusal,
  type PartialMessages,
} from '../ingress/partial-messages.ts';
import { MAX_HEADER_BYTES } from '../listening-server.ts';
import type { UnservedLog } from '../unserved.ts';
import { toGrpcStatus } from './status.ts';

/** Limits of gRPC messages that are not complete. */
interface GrpcIngress {
  readonly partial: PartialMessages;
  readonly unserved: UnservedLog;
  /** The longest message of any method. Bytes. */
  readonly maxMessageBytes: number;
}

// Internals of grpc-js 1.14. Tests with half-sent messages and unknown methods fail if a later version
// changes them.
interface CallInternals {
  readonly stream: ServerHttp2Stream;
  decoder: { write(piece: Buffer): Buffer[] };
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
  sendStatus(status: Partial<grpc.StatusObject>): void;
  getPeer(): string;
}

interface ServerInternals {
  createHttp2Server(credentials: grpc.ServerCredentials): Http2Server;
}

type ServeStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => void;

const COMPRESSED = 1;

// Smaller messages that wait for the end of their call are not counted, because the calls are limited.
const UNCOUNTED_BYTES = 4096;

/**
 * Limits the connections of a grpc-js server, and ends streams that it answered without a handler, because
 * their callers could keep sending. Call it before the server is bound.
 * @param check returns the error by which a call is refused for its headers
 */
export function boundConnections(
  server: grpc.Server,
  {
    check,
    maxConnections,
  }: { check: (headers: IncomingHttpHeaders) => RpcError | undefined; maxConnections: number },
  refuse: (stream: ServerHttp2Stream, error: RpcError) => void,
): void {
  const internals = server as unknown as ServerInternals;
  const create = internals.createHttp2Server.bind(server);
  internals.createHttp2Server = (credentials) => {
    const http2 = create(credentials);
    http2.maxConnections = maxConnections;
    http2.updateSettings({ maxHeaderListSize: MAX_HEADER_BYTES });
    const [serve] = http2.listeners('stream') as ServeStream[];
    const guarded: ServeStream = (stream, headers, ...rest) => {
      const refusal = check(headers);
      if (refusal) return refuse(stream, refusal);
      serve?.(stream, headers, ...rest);
      if (stream.headersSent) endStream(stream);
    };
    http2.removeAllListeners('stream').on('stream', guarded);
    return http2;
  };
}

/** Answers a stream that has no handler, and ends it. */
export function refuseStream(stream: ServerHttp2Stream, error: unknown): void {
  const { code, details, metadata } = toGrpcStatus(error);
  stream.on('error', () => stream.destroy());
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': code,
      'grpc-message': encodeURI(details),
      ...metadata.toHttp2Headers(),
    },
    { endStream: true },
  );
  endStream(stream);
}

// The answer is complete although the request may not be: https://www.rfc-editor.org/rfc/rfc9113#section-8.1
function endStream(stream: ServerHttp2Stream): void {
  stream.resume();
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/**
 * Replaces the decoder of grpc-js, which waits for a message without end and keeps each of its pieces. A
 * message in one piece is passed on as it is. A call with one message is awaited to its end, because grpc-js
 * holds the message until then. Must stand before `withUnservedCalls`.
 */
export function withBoundedMessages(ingress: GrpcIngress): grpc.ServerInterceptor {
  return (method, call) => {
    const internals = call as unknown as CallInternals;
    const decoder = new BoundedDecoder(internals, method, ingress);
    internals.decoder = decoder;
    ingress.partial.expect(decoder);
    if (method.requestStream) return call as grpc.ServerInterceptingCall;
    const start = call.start.bind(call);
    call.start = (listener) =>
      start({
        ...listener,
        onReceiveHalfClose: () => {
          ingress.partial.forget(decoder);
          listener.onReceiveHalfClose();
        },
      });
    return call as grpc.ServerInterceptingCall;
  };
}

type Method = Parameters<grpc.ServerInterceptor>[0];

class BoundedDecoder extends AwaitedMessage {
  readonly #call: CallInternals;
  readonly #method: Method;
  readonly #ingress: GrpcIngress;
  #assembler: MessageAssembler | undefined;
  /** Size of a complete message whose call has not ended. Bytes. */
  #wholeBytes = 0;
  #isEnded = false;

  constructor(call: CallInternals, method: Method, ingress: GrpcIngress) {
    super();
    this.#call = call;
    this.#method = method;
    this.#ingress = ingress;
  }

  get connection(): object {
    return this.#call.stream.session ?? this.#call.stream;
  }

  get hasEnded(): boolean {
    return this.#call.stream.destroyed || this.#call.stream.closed;
  }

  write(piece: Buffer): Buffer[] {
    if (this.#isEnded) return [];
    try {
      const isWhole = !this.#assembler && isWholeMessage(piece, this.#ingress.maxMessageBytes);
      const messages = isWhole ? [piece] : this.#begin().push(piece);
      if (!this.#keep(messages)) return [];
      if (messages.some((message) => message[0] === COMPRESSED)) this.#queueDecompression();
      return messages;
    } catch (error) {
      this.#end();
      // After grpc-js has answered.
      setImmediate(endStream, this.#call.stream);
      throw error;
    }
  }

  refuse(refusal: PartialMessageRefusal): void {
    this.#end();
    const { partial, unserved } = this.#ingress;
    const where = { method: this.#method.path.slice(1), protocol: 'grpc', peer: this.#call.getPeer() };
    this.#call.sendStatus(toGrpcStatus(unserved.record(where, partial.toError(refusal))));
    endStream(this.#call.stream);
  }

  // Records the bytes of complete and incomplete messages. Returns false if the call was refused.
  #keep(messages: readonly Buffer[]): boolean {
    const { partial } = this.#ingress;
    const restBytes = this.#assembler?.heldBytes ?? 0;
    if (this.#method.requestStream) {
      // Each message has its own time limit. Between messages there is no limit.
      if (messages.length > 0) partial.forget(this);
      if (restBytes === 0) return true;
      if (!partial.isExpected(this)) partial.expect(this);
      return partial.hold(this, restBytes);
    }
    for (const { length } of messages) {
      if (this.#wholeBytes > 0) throw new Error('multiple request messages');
      this.#wholeBytes = length;
    }
    const bytes = this.#wholeBytes + restBytes;
    return bytes <= UNCOUNTED_BYTES && restBytes === 0 ? true : partial.hold(this, bytes);
  }

  #begin(): MessageAssembler {
    if (!this.#assembler) {
      this.#assembler = new MessageAssembler(this.#ingress.maxMessageBytes);
      this.#call.stream.once('close', () => this.#end());
    }
    return this.#assembler;
  }

  #end(): void {
    this.#isEnded = true;
    this.#assembler = undefined;
    this.#ingress.partial.forget(this);
  }

  #queueDecompression(): void {
    if (Object.hasOwn(this.#call, 'decompressMessage')) return;
    const decompress = this.#call.decompressMessage.bind(this.#call);
    this.#call.decompressMessage = (message, encoding) =>
      message[0] === COMPRESSED
        ? decompressions.run(async () => decompress(message, encoding))
        : decompress(message, encoding);
  }
}

function isWholeMessage(piece: Buffer, maxBytes: number): boolean {
  const length = piece.length - PREFIX_BYTES;
  return length >= 0 && length <= maxBytes && piece.readUInt32BE(1) === length;
}
