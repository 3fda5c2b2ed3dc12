import { type DescMethod, type DescService, type Message, toBinary } from '@bufbuild/protobuf';
import type * as grpc from '@grpc/grpc-js';
import { methodPath } from './call.ts';
import type { Route } from './route.ts';

/** One service in the form that grpc-js takes, with its routes. */
export interface GrpcService {
  readonly definition: grpc.ServiceDefinition;
  readonly routes: readonly Route[];
}

/** Groups routes by service and describes each to grpc-js. */
export function toServiceDefinitions(routes: readonly Route[]): GrpcService[] {
  const byService = Map.groupBy(routes, (route): DescService => route.method.parent);
  return [...byService.values()].map((group) => ({
    definition: Object.fromEntries(group.map((route) => [route.method.name, toMethodDefinition(route)])),
    routes: group,
  }));
}

function toMethodDefinition({ method }: Route): grpc.MethodDefinition<Buffer, Message> {
  return {
    path: `/${methodPath(method)}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    // Requests stay bytes here and are decoded behind the interceptors, so that garbage is logged and answered like any bad input.
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: method.methodKind === 'server_streaming' ? encodeOnce(method) : encode(method),
    responseDeserialize: () => {
      throw new Error('A server does not decode its own answers.');
    },
  };
}

function encode(method: DescMethod) {
  return (message: Message): Buffer => Buffer.from(toBinary(method.output, message));
}

// One message may go to the streams of many callers.
function encodeOnce(method: DescMethod) {
  const toBytes = encode(method);
  const encoded = new WeakMap<Message, Buffer>();
  return (message: Message): Buffer => {
    const bytes = encoded.get(message) ?? toBytes(message);
    encoded.set(message, bytes);
    return bytes;
  };
}
