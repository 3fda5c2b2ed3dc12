// Encoding between Connect and grpc-js: messages, and headers as metadata.

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

/** Decodes the bytes of a response, as `fromBinary` would. What it throws fails the call with INTERNAL. */
export type AnswerDecoder<O extends DescMessage> = (bytes: Uint8Array) => MessageShape<O>;

const DECODER = createContextKey<AnswerDecoder<DescMessage> | undefined>(undefined, {
  description: 'decoder of the response',
});

/**
 * Context values that give a call its own decoder of the response, faster than the one by descriptor. Other
 * Connect transports ignore it and decode by descriptor.
 * @param _method whose response `decode` returns
 */
export function withAnswerDecoder<O extends DescMessage>(
  _method: { readonly output: O },
  decode: AnswerDecoder<O>,
): ContextValues {
  return createContextValues().set(DECODER, decode as AnswerDecoder<DescMessage>);
}

/** The decoder in the context values of a call. Undefined: decode by descriptor. */
export function answerDecoderOf<O extends DescMessage>(
  _method: { readonly output: O },
  values: ContextValues,
): AnswerDecoder<O> | undefined {
  return values.get(DECODER) as AnswerDecoder<O> | undefined;
}

/** The path of a method, and how its messages become bytes and back, as grpc-js takes them. */
export interface Wire<I extends DescMessage, O extends DescMessage> {
  path: string;
  serialize(message: MessageShape<I>): Buffer;
  parse(bytes: Buffer): MessageShape<O>;
}

/**
 * Connects protobuf-es to grpc-js without copying bytes.
 * @param decode decodes the response; default: by descriptor
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

/** Header fields of the protocol: grpc-js writes them itself, and HTTP/2 forbids some of them. */
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

/**
 * Header fields to send. `-bin` fields hold base64; several values are joined by commas.
 * @throws ConnectError INVALID_ARGUMENT when gRPC cannot send a field
 */
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

/** Header fields received. `-bin` fields become unpadded base64, as in Connect. */
export function headersFromMetadata(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    if (name.startsWith(':')) continue;
    for (const value of values)
      headers.append(name, typeof value === 'string' ? value : encodeBinaryHeader(value));
  }
  return headers;
}
