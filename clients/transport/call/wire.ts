import { Buffer } from 'node:buffer';
import {
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { AnswerDecoder } from './answer-decoder.ts';

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
