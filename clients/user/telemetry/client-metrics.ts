import {
  type BatchObservableResult,
  createNoopMeter,
  type Histogram,
  type Meter,
  type MeterProvider,
  type Observable,
} from '@opentelemetry/api';
import { type MetricReading, type MetricSource, READ_METRICS, toMetricReadings } from './metric-readings.ts';

/** Name and version of every meter and tracer of the client. The version is that of the package. */
export const SCOPE = { name: '@rollcall/user-client', version: '0.1.0' } as const;

/** Metrics that are recorded once per call or read, never for a single hit. */
export const RECORDED_METRICS = {
  // Name, attributes and bounds follow OpenTelemetry:
  // https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/
  callDuration: {
    name: 'rpc.client.call.duration',
    unit: 's',
    description: 'How long calls of the service took.',
    bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
  batchSize: {
    name: 'rollcall.user_client.batch.size',
    unit: '{user}',
    description: 'Ids or keys in one call of the service.',
    bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  },
  answerAge: {
    name: 'rollcall.user_client.answer.age',
    unit: 's',
    description: 'Age of the oldest answer of a read that came from memory, by source.',
    bounds: [0.01, 0.1, 1, 5, 30, 60, 300, 900, 3600, 14_400, 86_400],
  },
} as const;

/** The instruments of one meter provider, shared by its clients. */
export interface ClientMetrics {
  readonly callDuration: Histogram;
  readonly batchSize: Histogram;
  readonly answerAge: Histogram;
  /** Adds a client to every collection. */
  readonly join: RegisterClient;
}

const byProvider = new WeakMap<MeterProvider, ClientMetrics>();

/**
 * The instruments of this provider. Undefined: it is OpenTelemetry's no-op. One set and one callback serve
 * all clients of a provider: their values are summed, because a series per client would never end.
 */
export function metricsAt(provider: MeterProvider): ClientMetrics | undefined {
  const meter = provider.getMeter(SCOPE.name, SCOPE.version);
  if (meter === createNoopMeter()) return undefined;
  const known = byProvider.get(provider) ?? createMetrics(meter);
  byProvider.set(provider, known);
  return known;
}

function createMetrics(meter: Meter): ClientMetrics {
  const histogram = ({
    name,
    bounds,
    ...options
  }: (typeof RECORDED_METRICS)[keyof typeof RECORDED_METRICS]) =>
    meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: [...bounds] } });
  return {
    callDuration: histogram(RECORDED_METRICS.callDuration),
    batchSize: histogram(RECORDED_METRICS.batchSize),
    answerAge: histogram(RECORDED_METRICS.answerAge),
    join: observeClients(meter),
  };
}

/** Registers a client by its reader, and returns a function that removes it. */
type RegisterClient = (read: () => MetricSource) => () => void;

/**
 * Observes the sum of all registered clients at every collection. Counters of removed clients still count: a
 * sum must not fall, and the last values must not be lost.
 */
function observeClients(meter: Meter): RegisterClient {
  const clients = new Set<() => MetricSource>();
  let removed: MetricReading[] = [];
  const instruments = createObservables(meter);
  const observe = (result: BatchObservableResult) => {
    for (const { metric, value, attributes } of sumReadings([
      ...removed,
      ...[...clients].flatMap((read) => toMetricReadings(read())),
    ]))
      result.observe(instruments.get(metric.name) as Observable, value, attributes);
  };
  meter.addBatchObservableCallback(observe, [...instruments.values()]);
  return (read) => {
    clients.add(read);
    return () => {
      if (clients.delete(read)) removed = sumReadings([...removed, ...toFinalReadings(read())]);
    };
  };
}

/** Keeps counters, sets sums to zero and drops gauges. */
function toFinalReadings(last: MetricSource): MetricReading[] {
  return toMetricReadings(last)
    .filter(({ metric }) => metric.kind !== 'gauge')
    .map((reading) => (reading.metric.kind === 'counter' ? reading : { ...reading, value: 0 }));
}

function createObservables(meter: Meter): Map<string, Observable> {
  const create = {
    counter: meter.createObservableCounter.bind(meter),
    sum: meter.createObservableUpDownCounter.bind(meter),
    gauge: meter.createObservableGauge.bind(meter),
  };
  return new Map(
    Object.values(READ_METRICS).map(({ name, unit, description, kind }) => [
      name,
      create[kind](name, { unit, description }),
    ]),
  );
}

/** One reading per metric and attributes. */
function sumReadings(readings: readonly MetricReading[]): MetricReading[] {
  const totals = new Map<string, MetricReading>();
  for (const reading of readings) {
    const key = [reading.metric.name, ...Object.values(reading.attributes)].join(' ');
    const value = totals.get(key)?.value ?? 0;
    const both = reading.metric.kind === 'gauge' ? Math.max(value, reading.value) : value + reading.value;
    totals.set(key, { ...reading, value: both });
  }
  return [...totals.values()];
}
