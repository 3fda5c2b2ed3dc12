import type { UserService } from '@rollcall/contract/user';
import type { Logger } from '@rollcall/runtime';
import { createOutgoingCalls, type MetricReading, type OutgoingCalls } from '@rollcall/runtime/rpc';
import type { ServiceClient } from '@rollcall/transport';
import { type Metric, toMetricReadings, type UserClient } from '@rollcall/user-client';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { readAuthCredentials } from './auth-credentials.ts';
import { connectClients } from './connect-clients.ts';
import type { UserAccessConfig } from './settings.ts';
import { createRemoteUsers } from './users/remote-users.ts';
import type { Users } from './users/users.ts';

/**
 * A service's connection to the user service. Disposing it writes the last snapshot and closes the clients.
 */
export interface UserAccess extends AsyncDisposable {
  /** The caching client, for calls that `users` does not offer. */
  readonly client: UserClient;
  /** Users beside a service's own rows. An outage is an outcome, not an error. */
  readonly users: Users;
  /**
   * Searches and writes; 1 s a call unless a deadline is nearer. An outage is an error: after two timeouts in
   * a row, calls of `admin` and `uncached` fail at once with UNAVAILABLE until the user service answers
   * again.
   */
  readonly admin: UserAdminClient;
  /** Reads and the change feed without a cache, for `followMerges`. */
  readonly uncached: ServiceClient<typeof UserService>;
  /** Metrics of the user client: `rollcall_user_client_…`. */
  readings(): MetricReading[];
}

export interface UserAccessOptions {
  /** Prefix of the variables in messages: `VENDOR`. */
  readonly prefix: string;
  readonly logger: Logger;
  /**
   * Monotonic clock of the user cache. Milliseconds.
   * @defaultValue `performance.now`
   */
  readonly clock?: () => number;
  /**
   * Observes calls to the user service.
   * @defaultValue an observer that only logs
   */
  readonly outgoing?: OutgoingCalls;
}

/**
 * Opens a service's connection to the user service. The user service may be down.
 * @throws StartupError naming the variable, when the address is invalid, a file cannot be read or the
 * snapshot cannot be written.
 */
export async function connectUserAccess(
  config: UserAccessConfig,
  { prefix, logger, clock = () => performance.now(), outgoing }: UserAccessOptions,
): Promise<UserAccess> {
  const credentials = await readAuthCredentials(config, prefix);
  const { client, admin, uncached, guard } = connectClients(config, {
    ...{ credentials, prefix, clock },
    outgoing: outgoing ?? createOutgoingCalls({ service: config.callerName, logger }),
  });
  return {
    client,
    admin,
    uncached,
    users: createRemoteUsers(client, logger),
    readings: () => userClientReadings(client),
    async [Symbol.asyncDispose]() {
      // First, because calls that end from here on say nothing about the user service.
      guard.close();
      admin.close();
      uncached.close();
      await client.close();
    },
  };
}

/** The metrics of the user client by Prometheus names: `rollcall_user_client_lookups_total`. */
function userClientReadings(client: Pick<UserClient, 'stats'>): MetricReading[] {
  return toMetricReadings(client.stats()).map(({ metric, attributes, value }) => ({
    name: toName(metric),
    help: metric.description,
    type: metric.kind === 'counter' ? 'counter' : 'gauge',
    labels: Object.fromEntries(Object.entries(attributes).map(([name, text]) => [underscored(name), text])),
    value,
  }));
}

// The names of OpenTelemetry's own exporters, so that one dashboard serves both.
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
function toName({ name, unit, kind }: Metric): string {
  const withUnit = unit === 's' ? `${underscored(name)}_seconds` : underscored(name);
  return kind === 'counter' ? `${withUnit}_total` : withUnit;
}

function underscored(name: string): string {
  return name.replaceAll('.', '_');
}
