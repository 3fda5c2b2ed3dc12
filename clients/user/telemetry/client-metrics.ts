import { createNoopMeter, type Histogram, type Meter, type MeterProvider } from '@opentelemetry/api';
import { type Join, observeClients } from './observe-clients.ts';
import { SCOPE } from './telemetry-scope.ts';

/** What is recorded as it happens, once a call or read, never for a single hit. */
export const RECORDED_METRICS = {
  // The name, the attributes and the bounds are OpenTelemetry's: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/
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

/** The metrics of all clients that tell the same provider. */
export interface ClientMetrics {
  readonly callDuration: Histogram;
  readonly batchSize: Histogram;
  readonly answerAge: Histogram;
  /** Lets a client be read whenever metrics are collected. */
  readonly join: Join;
}

const byProvider = new WeakMap<MeterProvider, ClientMetrics>();

/**
 * The instruments at this provider. Undefined: it is OpenTelemetry's own that does nothing. One set and one callback per
 * provider, however many clients come and go: their values are summed, because a series per client would never end.
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
