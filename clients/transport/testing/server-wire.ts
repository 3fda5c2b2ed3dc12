import { Buffer } from 'node:buffer';
import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';

/** How grpc-js' server names a method and turns bytes to messages and back. */
export function toServerWire(method: DescMethod) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    parse: (bytes: Buffer): Message => fromBinary(method.input, bytes),
    serialize: (message: Message): Buffer => Buffer.from(toBinary(method.output, message)),
  };
}
