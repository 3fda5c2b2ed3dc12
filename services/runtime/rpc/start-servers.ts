import { readDescriptorImage } from '@rollcall/contract';
import { Health } from '@rollcall/contract/health';
import { identifyBy } from '../callers/authentication.ts';
import { createPeerCertificates } from '../callers/peer-certificates.ts';
import type { Logger } from '../log/logger.ts';
import { createMetrics, type MetricReading, metricReadingsText } from '../metrics/metrics.ts';
import type { OutgoingCalls } from '../metrics/outgoing-calls.ts';
import { StartupError } from '../startup-error.ts';
import { type AccessControl, requireAccess } from './access-control.ts';
import { createHealthState, type HealthState, implementHealth } from './built-in/health.ts';
import { monitoringRoutes } from './built-in/monitoring-routes.ts';
import { createReadiness, type Readiness } from './built-in/readiness.ts';
import { reflectionRoutes } from './built-in/reflection.ts';
import { createReflectionIndex } from './built-in/reflection-index.ts';
import type { Interceptor } from './call.ts';
import { createChain } from './chain.ts';
import type { RpcError } from './errors.ts';
import { startGrpcServer } from './grpc/server.ts';
import type { GetRoute, PostRoute } from './http/plain-routes.ts';
import { startHttpServer } from './http/server.ts';
import { createIngress, type IngressBounds } from './ingress/ingress.ts';
import type { PublicCallLimits } from './ingress/public-call-limits.ts';
import { isLoopback, type ListeningServer, listenFault } from './listening-server.ts';
import { implementService, type Route } from './route.ts';
import { createTlsListener, type TlsListenerFactory } from './tls-listener.ts';

/** A port to listen on, and the variable that sets it, for messages. */
interface Listen {
  readonly port: number;
  readonly variable: string;
}

/** Options of `startServers`. */
export interface ServersOptions {
  /** Name of the service, for metrics. */
  readonly name: string;
  /** Creates the routes of the service behind the given chain. */
  readonly routes: (chain: readonly Interceptor[]) => Route[];
  /** Address to bind: a loopback address, unless callers are authenticated and TLS is on. */
  readonly host: string;
  readonly grpc: Listen;
  readonly http: Listen;
  readonly logger: Logger;
  /** Who may call. @defaultValue every caller on this machine */
  readonly callers?: AccessControl;
  /** Converts an error of the service. Undefined: an unknown error, sent as INTERNAL. */
  readonly toRpcError: (error: unknown) => RpcError | undefined;
  /**
   * Whether the dependencies of the service answer. Called at most twice a second, for /readyz and the health
   * service. Must not queue behind calls.
   */
  readonly isReady: () => Promise<boolean>;
  /** Plain paths that answer GET, besides health and metrics. @defaultValue none */
  readonly getRoutes?: Readonly<Record<string, GetRoute>>;
  /**
   * Plain paths that answer POST. Their callers are not authenticated: each route verifies its sender.
   * @defaultValue none
   */
  readonly postRoutes?: Readonly<Record<string, PostRoute>>;
  /** Metrics of the service, read for each request to /metrics. @defaultValue none */
  readonly readMetrics?: () => readonly MetricReading[];
  /** Metrics of calls to other services, shown on /metrics. @defaultValue none */
  readonly outgoing?: Pick<OutgoingCalls, 'metricsText'>;
  /** The longest time that a unary call may take. Milliseconds. @defaultValue 10000 */
  readonly maxCallMs?: number;
  /**
   * How long calls in progress may continue after the servers begin to close. Milliseconds.
   * @defaultValue 5000
   */
  readonly drainMs?: number;
  /**
   * The longest lifetime of a gRPC connection before its client is asked to reconnect. Milliseconds.
   * @defaultValue 1800000
   */
  readonly maxConnectionAgeMs?: number;
  /** Limits of requests from unidentified callers. @defaultValue those of each limit */
  readonly ingress?: IngressBounds;
  /** Refuses calls when the process is overloaded. @defaultValue never */
  readonly shedding?: Interceptor;
}

/** Both servers of a service. Disposing reports draining to health watchers, then drains and closes both. */
export interface ListeningServers extends AsyncDisposable {
  readonly grpc: ListeningServer;
  readonly http: ListeningServer;
}

/**
 * Starts the gRPC and the HTTP server of a service, with the same routes and chain.
 * @throws StartupError when the address is not loopback and callers are not authenticated, or a port cannot
 * be listened on
 */
export async function startServers(options: ServersOptions): Promise<ListeningServers> {
  const { host, logger, callers } = options;
  const tls = callers?.guarded?.tls;
  if (!isLoopback(host) && !tls) {
    throw new StartupError(
      `${options.name.toUpperCase()}_HOST must be a loopback address, not "${host}", because callers are not authenticated: set it to 127.0.0.1 or unset it`,
    );
  }
  await using stack = new AsyncDisposableStack();
  const metrics = stack.use(createMetrics(options.name));
  const state = createHealthState();
  const readiness = stack.use(createReadiness(options.isReady));
  const ingress = stack.use(
    createIngress({ logger, isGuarded: callers?.guarded !== undefined }, options.ingress),
  );
  const certificates = createPeerCertificates();
  const { publicCalls } = ingress;
  const chain = createChain({ maxCallMs: 10_000, ...options, metrics, certificates, publicCalls });
  const routes = allRoutes(options.routes, { chain, publicCalls }, { state, readiness });
  if (callers) requireAccess(routes, callers.accessOf);
  const identify = callers?.guarded && identifyBy(certificates, callers.guarded.tokens);
  const metricsText = async () => {
    const readings = [...(options.readMetrics?.() ?? []), ...ingress.partial.readings()];
    const own = await metricReadingsText(options.name, readings);
    const outgoing = (await options.outgoing?.metricsText()) ?? '';
    return [await metrics.registry.metrics(), own, outgoing].join('\n');
  };
  const getRoutes = {
    ...options.getRoutes,
    ...monitoringRoutes({ state, readiness, metricsText, identify }),
  };
  const listenTls =
    tls &&
    (((onSecure) => createTlsListener({ tls, certificates, onSecure, logger })) satisfies TlsListenerFactory);
  const common = {
    routes,
    host,
    logger,
    ingress,
    listenTls,
    ...(options.drainMs !== undefined && { drainMs: options.drainMs }),
  };
  const grpc = stack.use(
    await startGrpcServer({
      ...common,
      ...(options.maxConnectionAgeMs && { maxConnectionAgeMs: options.maxConnectionAgeMs }),
      port: options.grpc.port,
    }).catch(listenFault(options.grpc)),
  );
  const http = stack.use(
    await startHttpServer({
      ...common,
      getRoutes,
      postRoutes: options.postRoutes ?? {},
      port: options.http.port,
    }).catch(listenFault(options.http)),
  );
  stack.defer(state.drain);
  const closers = stack.move();
  logger.info(
    { host, grpcPort: grpc.port, httpPort: http.port },
    callers?.guarded
      ? 'listening; callers are authenticated'
      : 'listening on loopback only: callers are not authenticated',
  );
  return { grpc, http, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

function allRoutes(
  ownRoutes: ServersOptions['routes'],
  { chain, publicCalls }: { chain: readonly Interceptor[]; publicCalls: PublicCallLimits },
  health: { state: HealthState; readiness: Readiness },
): Route[] {
  const own = ownRoutes(chain);
  const names = [...new Set(own.map((route) => route.method.parent.typeName))];
  const services = () => [...new Set(all.map((route) => route.method.parent.typeName))];
  const all: Route[] = [
    ...own,
    ...implementService(Health, implementHealth(names, health), chain),
    ...reflectionRoutes(createReflectionIndex(readDescriptorImage()), services, { chain, publicCalls }),
  ];
  return all;
}
