import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import {
  createServiceImplSpec,
  type MethodImplSpec,
  type ServiceImpl,
  type ServiceImplSpec,
} from '@connectrpc/connect';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { serveStream, serveUnary, toServerWire } from './serve-call.ts';

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
  /** Further services behind the same port, each by Connect's `createServiceImplSpec`. Default none. */
  others?: readonly ServiceImplSpec[];
}

type Listening = Pick<GrpcTestServer, 'port' | 'kill'>;

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
  for (const { methods } of [createServiceImplSpec(service, handlers), ...(options.others ?? [])]) {
    for (const spec of Object.values(methods)) register(server, spec);
  }
  const { port, kill } = await listen(server, {
    port: options.port ?? 0,
    credentials: options.credentials ?? ServerCredentials.createInsecure(),
  });
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

/** Sockets are taken in by hand, because grpc-js' own shutdown says farewell to streams, which a killed process does not. */
function listen(
  server: Server,
  { port, credentials }: Required<Omit<GrpcTestServerOptions, 'others'>>,
): Promise<Listening> {
  const injector = server.createConnectionInjector(credentials);
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  const kill = () => {
    listener.close();
    for (const socket of sockets) socket.destroy();
    server.forceShutdown();
  };
  const { promise, resolve, reject } = Promise.withResolvers<Listening>();
  listener.once('error', reject);
  listener.listen(port, '127.0.0.1', () => resolve({ port: (listener.address() as AddressInfo).port, kill }));
  return promise;
}
