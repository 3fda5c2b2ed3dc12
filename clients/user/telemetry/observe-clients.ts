import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { type MetricReading, type MetricSource, READ_METRICS, toMetricReadings } from './metric-readings.ts';

/** Takes in how to read a client; answers how to let it go. */
export type Join = (read: () => MetricSource) => () => void;

/**
 * Observes, at every collection, the sum of all clients that have joined. The counters of those that are gone still count:
 * or a sum would fall, and what was counted just before the end be lost.
 */
export function observeClients(meter: Meter): Join {
  const clients = new Set<() => MetricSource>();
  let gone: MetricReading[] = [];
  const instruments = createObservables(meter);
  const observe = (result: BatchObservableResult) => {
    for (const { metric, value, attributes } of addUp([
      ...gone,
      ...[...clients].flatMap((read) => toMetricReadings(read())),
    ]))
      result.observe(instruments.get(metric.name) as Observable, value, attributes);
  };
  meter.addBatchObservableCallback(observe, [...instruments.values()]);
  return (read) => {
    clients.add(read);
    return () => {
      if (clients.delete(read)) gone = addUp([...gone, ...toLeftOver(read())]);
    };
  };
}

/** Counters stay, sums are zero from now on, and a gauge is of nobody. */
function toLeftOver(last: MetricSource): MetricReading[] {
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
function addUp(readings: readonly MetricReading[]): MetricReading[] {
  const totals = new Map<string, MetricReading>();
  for (const reading of readings) {
    const key = [reading.metric.name, ...Object.values(reading.attributes)].join(' ');
    const value = totals.get(key)?.value ?? 0;
    const both = reading.metric.kind === 'gauge' ? Math.max(value, reading.value) : value + reading.value;
    totals.set(key, { ...reading, value: both });
  }
  return [...totals.values()];
}
