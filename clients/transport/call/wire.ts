import { Buffer } from 'node:buffer';
import {
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  encodeBinaryHeader,
} from '@connectrpc/connect';
import { Metadata } from '@grpc/grpc-js';

/** Makes the answer's message of its bytes, as `fromBinary` would. What it throws fails the call with INTERNAL. */
export type AnswerDecoder<O extends DescMessage> = (bytes: Uint8Array) => MessageShape<O>;

const DECODER = createContextKey<AnswerDecoder<DescMessage> | undefined>(undefined, {
  description: 'decoder of the answer',
});

/**
 * For `contextValues` of a call that can read its answer faster than by the descriptor. A transport that is not of this
 * package does not know of it, and decodes as ever.
 * @param _method that is called: its answer is what `decode` makes.
 */
export function withAnswerDecoder<O extends DescMessage>(
  _method: { readonly output: O },
  decode: AnswerDecoder<O>,
): ContextValues {
  return createContextValues().set(DECODER, decode as AnswerDecoder<DescMessage>);
}

/** The decoder that a call of `method` brought. */
export function answerDecoderOf<O extends DescMessage>(
  _method: { readonly output: O },
  values: ContextValues,
): AnswerDecoder<O> | undefined {
  return values.get(DECODER) as AnswerDecoder<O> | undefined;
}

/** How grpc-js names a method and turns its messages to bytes and back. */
export interface Wire<I extends DescMessage, O extends DescMessage> {
  path: string;
  serialize(message: MessageShape<I>): Buffer;
  parse(bytes: Buffer): MessageShape<O>;
}

/**
 * Protobuf-es straight into grpc-js; the bytes are not copied.
 * @param decode the call's own way to read its answer. Default: by the descriptor.
 */
export function toWire<I extends DescMessage, O extends DescMessage>(
  method: DescMethod & { input: I; output: O },
  decode: AnswerDecoder<O> = (bytes) => fromBinary(method.output, bytes),
): Wire<I, O> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    serialize: (message) => toBuffer(toBinary(method.input, message)),
    parse: decode,
  };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fields that belong to the protocol: grpc-js writes them itself, and HTTP/2 forbids some of them. */
const PROTOCOL_FIELDS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Header fields to send. `-bin` fields hold base64, several values joined by commas. Throws ConnectError INVALID_ARGUMENT. */
export function metadataFromHeaders(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) {
    if (PROTOCOL_FIELDS.has(name) || name.startsWith('grpc-')) continue;
    try {
      if (name.endsWith('-bin'))
        for (const part of value.split(',')) metadata.add(name, Buffer.from(part.trim(), 'base64'));
      else metadata.add(name, value);
    } catch (cause) {
      throw new ConnectError(
        `header '${name}' cannot be sent by gRPC`,
        Code.InvalidArgument,
        undefined,
        undefined,
        cause,
      );
    }
  }
  return metadata;
}

/** Header fields received; `-bin` fields become unpadded base64, as Connect has them. */
export function headersFromMetadata(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    if (name.startsWith(':')) continue;
    for (const value of values)
      headers.append(name, typeof value === 'string' ? value : encodeBinaryHeader(value));
  }
  return headers;
}
