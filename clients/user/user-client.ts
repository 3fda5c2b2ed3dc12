import { UserService } from '@rollcall/contract/user';
import { openTransport } from '@rollcall/transport';
import type { BreakerState } from '@rollcall/transport/guard';
import { createCoarseClock } from './cache/coarse-clock.ts';
import { NO_FEED } from './cache/freshness.ts';
import { withCache } from './cache/with-cache.ts';
import { createChangeFeed, type FeedStats } from './feed/change-feed.ts';
import { DeadlineTimers } from './in-flight/deadline-timers.ts';
import type { FeedHealth } from './model/change-sink.ts';
import { type ClientCounters, createCounters } from './model/counters.ts';
import { publish } from './model/diagnostics.ts';
import type { UserReader } from './model/user-reader.ts';
import { toSettings, type UserClientSettings } from './options/check-options.ts';
import { toTenantId } from './options/ids.ts';
import type { UserClientOptions } from './options/user-client-options.ts';
import { createRemoteUserReader } from './remote/remote-user-reader.ts';
import { createUserBreaker, withBreaker } from './remote/with-breaker.ts';
import { withHedging } from './remote/with-hedging.ts';
import { withSplitting } from './remote/with-splitting.ts';
import { type SnapshotOptions, startSnapshots } from './snapshot/snapshots.ts';
import { UserCache } from './store/user-cache.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { createStaleListener, withAnswerTelemetry } from './telemetry/with-answer-telemetry.ts';
import type { TenantUserClient } from './tenant-user-client.ts';
import { TenantUsers } from './tenant-users.ts';

/** Counters of a client, and the size of its cache. */
export interface UserClientStats extends Readonly<ClientCounters> {
  /** Number of ids with users in memory, of all tenants. */
  readonly entries: number;
  /** Estimated size of these users, in bytes. */
  readonly bytes: number;
  /** Number of missing ids in memory. */
  readonly missingEntries: number;
  /** Number of known versions of users that are not in memory. */
  readonly seenVersions: number;
  /** State of the breaker. While it is open the service is not asked. */
  readonly breaker: BreakerState;
  /** The change feed. */
  readonly feed: FeedStats;
  /** `feed.lagMs`. */
  readonly streamLagMs: number | undefined;
}

/** A client of the user service. Its own methods read users of the `tenantId` of the options. */
export interface UserClient extends TenantUserClient, AsyncDisposable {
  /**
   * The client for another tenant. It shares memory, batches, breaker and connections, but no
   * answers. Cheap.
   */
  forTenant(tenantId: string): TenantUserClient;
  /** Counters since the client was created, and what it holds now. */
  stats(): UserClientStats;
  /**
   * Ends open calls with UserClientClosedError, clears the cache and closes the connections it opened. May be
   * called again.
   */
  close(): Promise<void>;
}

/**
 * Creates the client that replaces a users table: one per process. It sends nothing before the first read.
 * The first user that is read starts the change feed, which keeps the process running until the client is
 * closed.
 * @throws UserClientOptionError or TransportOptionError that names the option
 */
export function createUserClient(options: UserClientOptions): UserClient {
  const settings = toSettings(options);
  const { tenantId, clock = monotonicMs, snapshotPath } = options;
  if (tenantId !== undefined) toTenantId(tenantId);
  const counters = createCounters();
  const cache = new UserCache(settings);
  const connection = openTransport(options, [UserService]);
  const telemetry = createTelemetry(options);
  const breaker = createUserBreaker(options.breaker, (change) =>
    publish('rollcall:user-client:breaker:changed', () => change),
  );
  // A given clock belongs to a test, which may set it: it is read each time.
  const hitClock = options.clock ?? createCoarseClock(clock);

  // The cache asks the feed, and the feed calls the cache: the cache gets the feed after both are created.
  const feedLink: { feed: FeedHealth; id: () => string } = { feed: NO_FEED, id: () => '' };
  const snapshots =
    snapshotPath === undefined
      ? undefined
      : startSnapshots(toSnapshotOptions(settings, snapshotPath), cache, {
          clock,
          feed: () => feedLink.id(),
        });
  // Rounded down: a whole number takes no memory beside the user, and an age is never too low.
  const wholeMs = () => Math.floor(clock());
  const remote = withSplitting(createRemoteUserReader(telemetry.overCalls(connection.transport), wholeMs));
  const deadlines = new DeadlineTimers(clock);
  const guarded = withBreaker(withHedging(remote, settings), { breaker, deadlines, clock, settings });
  const watch = (tenant: string) => (options.watch === false ? undefined : feed.watch(tenant));
  // A half-open breaker sends its own probes: a read of a caller would wait for a service that may hang.
  const isServiceDown = () => breaker.state !== 'closed';
  const watched = withFeed(guarded, (tenant) => watch(tenant));
  const caching = withCache(watched, cache, {
    options: settings,
    clock,
    hitClock,
    counters,
    deadlines,
    feed: { liveSinceMs: (tenant) => feedLink.feed.liveSinceMs(tenant) },
    isServiceDown,
    onStale: createStaleListener({ metrics: telemetry.metrics, clock }),
  });
  const cached = withAnswerTelemetry(caching, { metrics: telemetry.metrics, clock });
  const feed = createChangeFeed({
    transport: connection.transport,
    clock,
    sink: caching,
    ...(snapshots && { feed: snapshots.feed }),
  });
  feedLink.feed = feed;
  feedLink.id = () => feed.id;
  let closing: Promise<void> | undefined;
  const isClosed = () => closing !== undefined;
  const layers = { settings, counters, clock, deadlines, breaker, resolver: remote, cached, isClosed };
  const close = () => {
    closing ??= Promise.all([snapshots?.close(), feed.close()]).then(() => undefined);
    telemetry.close();
    // First, so that calls that end now do not count.
    breaker.close();
    // A given transport stays open with its calls. Callers that wait for them get their error here.
    deadlines.close();
    connection.close();
    cache.close();
    return closing;
  };
  const stats = () => {
    const feedStats = feed.stats();
    return {
      ...counters,
      ...cache.size,
      breaker: breaker.state,
      feed: feedStats,
      streamLagMs: feedStats.lagMs,
    };
  };
  telemetry.observe(stats);
  return Object.assign(new TenantUsers(layers, tenantId), {
    forTenant: (other: string) => new TenantUsers(layers, toTenantId(other)),
    stats,
    close,
    [Symbol.asyncDispose]: close,
  });
}

/**
 * Watches a tenant from the first answer with a user of it. Hits need no check, and made-up tenant ids take
 * no place from existing ones.
 */
function withFeed(next: UserReader, watch: (tenantId: string) => void): UserReader {
  return {
    async readMany(scope, reads, call) {
      const answers = await next.readMany(scope, reads, call);
      if (answers.some(({ outcome }) => outcome === 'found' || outcome === 'unchanged'))
        watch(scope.tenantId);
      return answers;
    },
  };
}

function monotonicMs(): number {
  return performance.now();
}

function toSnapshotOptions(settings: UserClientSettings, path: string): SnapshotOptions {
  const { snapshotIntervalMs: intervalMs, snapshotView: view, maxBytes, maxStaleMs } = settings;
  return { path, intervalMs, view, maxBytes, maxStaleMs };
}
