import cluster from 'node:cluster';
import { status } from '@grpc/grpc-js';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { standardOutput } from '../log/log-output.ts';
import { type Call, methodPath } from '../rpc/call.ts';

/** Counts and times served calls. */
export interface RpcMetrics {
  readonly registry: Registry;
  /** Records the end of a call: its status code (0 is OK) and its duration in seconds. */
  observe(call: Call, code: number, seconds: number): void;
}

// From a cache hit to the longest call that a service allows.
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Creates the metrics of one process: `rollcall_rpc_duration_seconds`, `rollcall_log_lines_dropped_total` and
 * those of Node.
 */
export function createMetrics(service: string): RpcMetrics & Disposable {
  const registry = new Registry();
  // Workers that share a port answer in turn, each with its own counts.
  registry.setDefaultLabels({ service, ...(cluster.worker && { worker: String(cluster.worker.id) }) });
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'rollcall_rpc_duration_seconds',
    help: 'How long calls took that this process served, by method, protocol and status code.',
    labelNames: ['method', 'protocol', 'code'] as const,
    buckets: BUCKETS,
    registers: [registry],
  });
  new Counter({
    name: 'rollcall_log_lines_dropped_total',
    help: 'Log lines that this process dropped, because its standard output did not take them.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(standardOutput().dropped);
    },
  });
  return {
    registry,
    observe: (call, code, seconds) =>
      duration.observe(
        {
          method: methodPath(call.method),
          protocol: call.protocol,
          code: statusName(code),
        },
        seconds,
      ),
    [Symbol.dispose]: () => registry.clear(),
  };
}

/** A metric of a service, read when metrics are requested. */
export interface MetricReading {
  /**
   * Name as in Prometheus; the name of a counter ends in `_total`. All readings of a name share help, type
   * and label names.
   */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Formats readings for Prometheus, labelled with the service.
 * @throws Error when a name or a value is invalid
 */
export function metricReadingsText(service: string, readings: readonly MetricReading[]): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  for (const [name, points] of Map.groupBy(readings, (reading) => reading.name))
    addMetric(registry, name, points);
  return registry.metrics();
}

function addMetric(registry: Registry, name: string, points: readonly MetricReading[]): void {
  const [{ help, type, labels }] = points as [MetricReading];
  const options = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
  for (const point of points) metric.inc({ ...point.labels }, point.value);
}

/** The name of a gRPC status code: 0 is "OK", 5 is "NOT_FOUND". */
export function statusName(code: number): string {
  return status[code] ?? `CODE_${code}`;
}
