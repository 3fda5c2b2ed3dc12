import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import { createServiceImplSpec, type MethodImplSpec, type ServiceImpl } from '@connectrpc/connect';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { serveStream, serveUnary } from './serve-call.ts';
import { toServerWire } from './server-wire.ts';

/** A grpc-js server on loopback. */
export interface GrpcTestServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  address: string;
  port: number;
  /** Ends every connection at once, as the death of a process does, and listens no more. Again: nothing. */
  kill(): void;
}

/** How a test server listens. */
export interface GrpcTestServerOptions {
  /** Default 0: a free one. A fixed one lets a server return after `kill`. */
  port?: number;
  /** Default plaintext. */
  credentials?: ServerCredentials;
}

/**
 * Serves one service with handlers as Connect's router takes them; those left out answer UNIMPLEMENTED. Unary and
 * server-streaming methods only. Rejects where the port is taken.
 */
export async function startGrpcTestServer<Service extends DescService>(
  service: Service,
  handlers: Partial<ServiceImpl<Service>>,
  options: GrpcTestServerOptions = {},
): Promise<GrpcTestServer> {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  for (const spec of Object.values(createServiceImplSpec(service, handlers).methods)) register(server, spec);
  const port = await listen(server, options);
  const kill = () => server.forceShutdown();
  return { address: `127.0.0.1:${port}`, port, kill, [Symbol.asyncDispose]: async () => kill() };
}

function register(server: Server, spec: MethodImplSpec): void {
  const { path, serialize, parse } = toServerWire(spec.method as DescMethod);
  if (spec.kind === 'unary') {
    const handle: handleUnaryCall<Message, Message> = (call, answer) => serveUnary(spec, call, answer);
    server.register(path, handle, serialize, parse, 'unary');
  } else if (spec.kind === 'server_streaming') {
    const handle: handleServerStreamingCall<Message, Message> = (call) => serveStream(spec, call);
    server.register(path, handle, serialize, parse, 'serverStream');
  } else {
    throw new TypeError(`${path}: the test server serves no requests that stream`);
  }
}

function listen(
  server: Server,
  { port = 0, credentials = ServerCredentials.createInsecure() }: GrpcTestServerOptions,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
  return promise;
}
