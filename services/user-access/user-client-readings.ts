import type { MetricReading } from '@rollcall/runtime/rpc';
import { type Metric, toMetricReadings, type UserClient } from '@rollcall/user-client';

/** What the user client tells of itself, in Prometheus's spelling: `rollcall_user_client_lookups_total`. */
export function userClientReadings(client: Pick<UserClient, 'stats'>): MetricReading[] {
  return toMetricReadings(client.stats()).map(({ metric, attributes, value }) => ({
    name: toName(metric),
    help: metric.description,
    type: metric.kind === 'counter' ? 'counter' : 'gauge',
    labels: Object.fromEntries(Object.entries(attributes).map(([name, text]) => [underscored(name), text])),
    value,
  }));
}

// As OpenTelemetry's own exporters have it, so that one board serves both.
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
function toName({ name, unit, kind }: Metric): string {
  const withUnit = unit === 's' ? `${underscored(name)}_seconds` : underscored(name);
  return kind === 'counter' ? `${withUnit}_total` : withUnit;
}

function underscored(name: string): string {
  return name.replaceAll('.', '_');
}
