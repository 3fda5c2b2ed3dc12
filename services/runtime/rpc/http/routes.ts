import type { DescMethod, Message } from '@bufbuild/protobuf';
import {
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
  type MethodImpl,
} from '@connectrpc/connect';
import type { Compression, UniversalHandler } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import { PreparedAnswer } from '../call.ts';
import { decompressions } from '../ingress/decompression.ts';
import { MAX_MESSAGE_BYTES } from '../listening-server.ts';
import type { Route } from '../route.ts';
import { requestSizes } from '../sizes/request-sizes.ts';
import { arrivalKey, HttpCall, type HttpInput } from './call.ts';
import { createQueue } from './message-queue.ts';

/**
 * Creates Connect's handlers of the routes, by request path, for Connect, gRPC-Web and gRPC in binary and
 * JSON.
 */
export function toHttpHandlers(
  routes: readonly Route[],
  shutdownSignal: AbortSignal,
): Map<string, UniversalHandler> {
  const router = createConnectRouter({
    // Connect's defaults are near 4 GiB, and unlimited time.
    writeMaxBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: 2_147_483_647,
    // Fields of a newer caller that this service does not know are dropped.
    binaryOptions: { readUnknownFields: false },
    // Connect's default ignores a misspelt filter, and the call would return all users.
    jsonOptions: { ignoreUnknownFields: false },
    acceptCompression: [compressionGzip, compressionBrotli].map(queued),
    shutdownSignal,
  });
  for (const route of routes) register(router, route);
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

function queued(compression: Compression): Compression {
  return {
    ...compression,
    decompress: (bytes, maxBytes) => decompressions.run(() => compression.decompress(bytes, maxBytes)),
  };
}

function register(router: ConnectRouter, route: Route): void {
  const streams =
    route.method.methodKind === 'server_streaming' || route.method.methodKind === 'bidi_streaming';
  const impl = streams ? serveStreaming(route) : serveSingle(route);
  const { maxBinaryBytes, maxJsonBytes } = requestSizes(route.method);
  router.rpc(route.method, impl as MethodImpl<DescMethod>, {
    readMaxBytes: Math.max(maxBinaryBytes, maxJsonBytes),
  });
}

function serveSingle(route: Route) {
  return async (input: HttpInput, context: HandlerContext): Promise<Message> => {
    let answer: Message | undefined;
    const call = new HttpCall(input, context, (given) => {
      answer = toMessage(given);
    });
    context.values.get(arrivalKey).served = true;
    await route.handle(call);
    if (!answer) throw new Error(`${route.method.name} ended without an answer.`);
    return answer;
  };
}

function serveStreaming(route: Route) {
  return (input: HttpInput, context: HandlerContext): AsyncIterable<Message> => {
    context.values.get(arrivalKey).served = true;
    const queue = createQueue<Message>();
    route
      .handle(new HttpCall(input, context, (given) => queue.push(toMessage(given))))
      .then(queue.end, queue.fail);
    return queue;
  };
}

function toMessage(answer: Message | PreparedAnswer<Message>): Message {
  return answer instanceof PreparedAnswer ? answer.toMessage() : answer;
}
