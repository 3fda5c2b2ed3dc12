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

/** A service's way to the user service. Disposing it writes the last snapshot and closes the connections. */
export interface UserAccess extends AsyncDisposable {
  /** The client that remembers, for whoever needs more than `users` says. */
  readonly client: UserClient;
  /** Users beside a service's own rows; an outage is an outcome. */
  readonly users: Users;
  /**
   * Searches, and what the service tells the owner; 1 s a call where no deadline is nearer, an outage is an error. After two
   * timeouts in a row calls of `admin` and `fresh` fail at once with UNAVAILABLE, until the user service answers again.
   */
  readonly admin: UserAdminClient;
  /** Reads and the change feed as they are, with nothing remembered: for `followMerges`. */
  readonly uncached: ServiceClient<typeof UserService>;
  /** How users were come by, for /metrics: `rollcall_user_client_…`. */
  readings(): MetricReading[];
}

/** What a way to the user service is made with. */
export interface UserAccessOptions {
  /** Of the variables, for messages: `VENDOR`. */
  readonly prefix: string;
  readonly logger: Logger;
  /** Monotonic, in ms, by which what is known of users grows old. Default `performance.now`. */
  readonly clock?: () => number;
  /** Hears of the calls to the user service. Default: they are logged only. */
  readonly outgoing?: OutgoingCalls;
}

/**
 * Opens a service's way to the user service, which need not be there.
 * @throws StartupError naming the variable, where the address is none, a file cannot be read or no snapshot can be written.
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
      // First: what ends now says nothing about the user service.
      guard.close();
      admin.close();
      uncached.close();
      await client.close();
    },
  };
}

/** What the user client tells of itself, in Prometheus's spelling: `rollcall_user_client_lookups_total`. */
function userClientReadings(client: Pick<UserClient, 'stats'>): MetricReading[] {
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
