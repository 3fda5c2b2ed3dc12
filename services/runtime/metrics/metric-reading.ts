import { Counter, Gauge, Registry } from 'prom-client';

/** A number of a service's own, as it is when metrics are asked for. */
export interface MetricReading {
  /** As Prometheus spells it; the name of a counter ends in `_total`. One name has one help, type and set of labels. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Readings in the form that Prometheus reads, labelled with the service. Throws where a name or a value is none. */
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
