import { type AddressInfo, createServer, type Socket } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import type { Ingress } from '../ingress/ingress.ts';
import { type ListeningServer, MAX_CONNECTIONS, MAX_MESSAGE_BYTES } from '../listening-server.ts';
import type { Route } from '../route.ts';
import { requestSizes } from '../sizes/request-sizes.ts';
import type { TlsListenerFactory } from '../tls-listener.ts';
import { serveGrpcCall } from './call.ts';
import { boundConnections, refuseStream, withBoundedMessages } from './ingress.ts';
import { toServiceDefinitions } from './routes.ts';
import { withUnservedCalls } from './unserved.ts';

/** Options of `startGrpcServer`. */
interface GrpcServerOptions {
  readonly routes: readonly Route[];
  /** Address to bind: a loopback address where callers are not authenticated. */
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly ingress: Ingress;
  /** Absent: plaintext. */
  readonly listenTls?: TlsListenerFactory | undefined;
  /**
   * How long calls in progress may continue after the server begins to close. Milliseconds.
   * @defaultValue 5000
   */
  readonly drainMs?: number;
  /**
   * The longest lifetime of a connection before its client is asked to reconnect. Milliseconds.
   * @defaultValue 1800000
   */
  readonly maxConnectionAgeMs?: number;
}

const SERVER_OPTIONS: grpc.ServerOptions = {
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 1000,
  // Closes dead connections, and those that stop inside a frame and cannot answer a ping.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Lets clients that balance by DNS find new addresses.
  'grpc.max_connection_age_ms': 1_800_000,
  'grpc.max_connection_age_grace_ms': 60_000,
};

// grpc-js also reports its log lines to the callers of its functions.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** Starts the gRPC server. Rejects with the system's error (EADDRINUSE, EACCES) when it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<ListeningServer> {
  const { ingress } = options;
  // grpc-js has one limit for all methods; the limit of each method is checked before decoding.
  const maxMessageBytes = Math.max(...options.routes.map(maxBytesOf));
  const server = new grpc.Server({
    ...SERVER_OPTIONS,
    'grpc.max_receive_message_length': maxMessageBytes,
    ...(options.maxConnectionAgeMs && { 'grpc.max_connection_age_ms': options.maxConnectionAgeMs }),
    interceptors: [withBoundedMessages({ ...ingress, maxMessageBytes }), withUnservedCalls(ingress.unserved)],
  });
  boundConnections(
    server,
    { check: ingress.checkGrpcHeaders, maxConnections: MAX_CONNECTIONS },
    (stream, error) => {
      const { remoteAddress, remotePort } = stream.session?.socket ?? {};
      const where = { method: '', protocol: 'grpc', peer: `${remoteAddress}:${remotePort}` };
      refuseStream(stream, ingress.unserved.record(where, error));
    },
  );
  for (const { definition, routes } of toServiceDefinitions(options.routes)) {
    const entries = routes.map((route) => [route.method.name, serveGrpcCall(route)]);
    server.addService(definition, Object.fromEntries(entries));
  }
  const { listenTls } = options;
  const { port, stop } = listenTls
    ? await bindBehind(listenTls, server, options)
    : await bind(server, options);
  return {
    host: options.host,
    port,
    [Symbol.asyncDispose]: () => {
      stop();
      return close(server, options.drainMs ?? 5000);
    },
  };
}

function maxBytesOf({ method }: Route): number {
  return requestSizes(method).maxBinaryBytes;
}

interface Bound {
  readonly port: number;
  /** Stops accepting connections, if the server does not do that itself. */
  readonly stop: () => void;
}

function bind(server: grpc.Server, { host, port }: GrpcServerOptions): Promise<Bound> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve({ port: bound, stop: () => {} });
    });
  });
}

// The TLS of grpc-js requires certificates from all clients or from none, but some have a token instead.
function bindBehind(
  listenTls: TlsListenerFactory,
  server: grpc.Server,
  { host, port }: GrpcServerOptions,
): Promise<Bound> {
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const tls = listenTls((socket) => injector.injectConnection(socket));
  const listener = createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    tls.accept(socket);
  });
  listener.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, () =>
      resolve({ port: (listener.address() as AddressInfo).port, stop: () => void listener.close() }),
    );
  });
}

function close(server: grpc.Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    // grpc-js waits for each peer to close its side, which a peer that does not read never does.
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, drainMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
