import { type DescMethod, type DescService, type Message, toBinary } from '@bufbuild/protobuf';
import type * as grpc from '@grpc/grpc-js';
import { methodPath, PreparedAnswer } from '../call.ts';
import type { Route } from '../route.ts';

type Answer = Message | PreparedAnswer<Message>;

/** A service as grpc-js takes it, with its routes. */
interface GrpcService {
  readonly definition: grpc.ServiceDefinition;
  readonly routes: readonly Route[];
}

/** Groups routes by service and converts them to definitions of grpc-js. */
export function toServiceDefinitions(routes: readonly Route[]): GrpcService[] {
  const byService = Map.groupBy(routes, (route): DescService => route.method.parent);
  return [...byService.values()].map((group) => ({
    definition: Object.fromEntries(group.map((route) => [route.method.name, toMethodDefinition(route)])),
    routes: group,
  }));
}

function toMethodDefinition({ method }: Route): grpc.MethodDefinition<Buffer, Answer> {
  return {
    path: `/${methodPath(method)}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    // Requests stay bytes until the first interceptor reads them, so that malformed ones are logged and
    // answered like any bad input.
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: method.methodKind === 'server_streaming' ? encodeOnce(method) : encode(method),
    responseDeserialize: () => {
      throw new Error('A server does not decode its own answers.');
    },
  };
}

function encode(method: DescMethod) {
  return (answer: Answer): Buffer =>
    toBuffer(answer instanceof PreparedAnswer ? answer.toBytes() : toBinary(method.output, answer));
}

// One message may go to the streams of many callers.
function encodeOnce(method: DescMethod) {
  const toBytes = encode(method);
  const encoded = new WeakMap<Answer, Buffer>();
  return (answer: Answer): Buffer => {
    const bytes = encoded.get(answer) ?? toBytes(answer);
    encoded.set(answer, bytes);
    return bytes;
  };
}

// Shares the memory. The buffer is not changed by either side.
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
