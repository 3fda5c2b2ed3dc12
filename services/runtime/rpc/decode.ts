import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { runtimeError } from './reasons.ts';

/** Decodes a request. Throws RpcError MESSAGE_MALFORMED where the bytes are not such a message. */
export function decodeRequest(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw runtimeError('MESSAGE_MALFORMED', `The request is not a ${schema.typeName} in binary form.`, {
      metadata: { type: schema.typeName },
      cause,
    });
  }
}
