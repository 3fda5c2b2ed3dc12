import type { Transport } from '@connectrpc/connect';
import { type Attributes, metrics, trace } from '@opentelemetry/api';
import { UserClientOptionError } from '../model/errors.ts';
import type { TelemetryOptions } from '../options/user-client-options.ts';
import { type ClientMetrics, metricsAt, SCOPE } from './client-metrics.ts';
import type { MetricSource } from './metric-readings.ts';
import { withCallTelemetry } from './with-call-telemetry.ts';

/** The telemetry of one client. */
interface Telemetry {
  /** Absent: the process reads no metrics. */
  readonly metrics: ClientMetrics | undefined;
  /** Adds spans and metrics to the calls of a transport. */
  overCalls(transport: Transport): Transport;
  /** Adds these statistics to every collection, until `close`. */
  observe(read: () => MetricSource): void;
  /** Removes the statistics. Counters keep their values. May be called again. */
  close(): void;
}

/**
 * Creates the telemetry of a client. Without an SDK in the process, or with `false`, there are no metrics and
 * spans.
 * @throws UserClientOptionError
 */
export function createTelemetry({ telemetry, address }: TelemetrySettings): Telemetry {
  const { meterProvider, tracerProvider } = toProviders(telemetry);
  const clientMetrics = meterProvider && metricsAt(meterProvider);
  const tracer = tracerProvider?.getTracer(SCOPE.name, SCOPE.version);
  let leave: (() => void) | undefined;
  return {
    metrics: clientMetrics,
    overCalls: (transport) =>
      withCallTelemetry(transport, { tracer, metrics: clientMetrics, attributes: toServer(address) }),
    observe(read) {
      leave = clientMetrics?.join(read);
    },
    close: () => leave?.(),
  };
}

interface TelemetrySettings {
  readonly telemetry?: TelemetryOptions | false;
  readonly address?: string;
}

function toProviders(telemetry: TelemetryOptions | false = {}): TelemetryOptions {
  if (telemetry === false) return {};
  if (telemetry === null || typeof telemetry !== 'object')
    throw new UserClientOptionError(
      'telemetry',
      `${telemetry} is neither false nor { meterProvider, tracerProvider }`,
    );
  const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } =
    telemetry;
  if (typeof meterProvider?.getMeter !== 'function')
    throw new UserClientOptionError('telemetry.meterProvider', 'is not a MeterProvider of OpenTelemetry');
  if (typeof tracerProvider?.getTracer !== 'function')
    throw new UserClientOptionError('telemetry.tracerProvider', 'is not a TracerProvider of OpenTelemetry');
  return { meterProvider, tracerProvider };
}

/** Attributes of the server: none for a transport that was passed in. A list of servers stays one text. */
function toServer(address: string | undefined): Attributes {
  if (address === undefined) return {};
  const [, host, port] = /^\[?([^,\]]+)\]?:(\d+)$/.exec(address) ?? [];
  const server =
    host === undefined
      ? { 'server.address': address }
      : { 'server.address': host, 'server.port': Number(port) };
  return { 'rpc.system.name': 'grpc', ...server };
}
