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
  /**
   * Closes every connection at once, as when a process dies, and stops listening. A second call does nothing.
   */
  kill(): void;
}

/** Options of a test server. */
export interface GrpcTestServerOptions {
  /**
   * The port. A fixed one lets a server return after `kill`.
   * @defaultValue 0, a free port
   */
  port?: number;
  /** Absent: plaintext. */
  credentials?: ServerCredentials;
  /**
   * Further services on the port, each from Connect's `createServiceImplSpec`.
   * @defaultValue []
   */
  others?: readonly ServiceImplSpec[];
}

type Listening = Pick<GrpcTestServer, 'port' | 'kill'>;

/**
 * Starts a server with handlers as Connect's router takes them. A missing handler answers UNIMPLEMENTED.
 * Supports unary and server-streaming methods.
 * @throws when the port is in use
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

/**
 * Accepts sockets by hand: grpc-js' own shutdown sends GOAWAY to streams, which a killed process does not.
 */
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
