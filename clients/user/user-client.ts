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

/** What the client did, and holds. */
export interface UserClientStats extends Readonly<ClientCounters> {
  /** Ids of which users are in memory, of all tenants. */
  readonly entries: number;
  /** Bytes that they take, estimated. */
  readonly bytes: number;
  /** Missing ids in memory. */
  readonly missingEntries: number;
  /** Versions remembered of users that are not in memory. */
  readonly seenVersions: number;
  /** Whether the service is being asked. */
  readonly breaker: BreakerState;
  /** The change feed. */
  readonly feed: FeedStats;
  /** `feed.lagMs`. */
  readonly streamLagMs: number | undefined;
}

/** A client of the user service. Its own methods ask about the `tenantId` of the options. */
export interface UserClient extends TenantUserClient, AsyncDisposable {
  /** The same client for another tenant: memory, batches, breaker and connections are shared, answers never. Cheap. */
  forTenant(tenantId: string): TenantUserClient;
  /** Counters since the client was made, and what it holds now. */
  stats(): UserClientStats;
  /** Ends open calls with UserClientClosedError, forgets everything and closes what it opened. Again: nothing. */
  close(): Promise<void>;
}

/**
 * Makes the client that stands in for a users table; one per process. Nothing is sent before the first read. From the first
 * user on it hears of changes, which keeps the process running until it is closed.
 * Throws UserClientOptionError or TransportOptionError, each naming the option.
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
  // A clock that was given is a test's, and held: it is looked at each time.
  const hitClock = options.clock ?? createCoarseClock(clock);

  // The cache and its snapshots ask the feed, and the feed tells the cache: one of them has to come second.
  const news: { feed: FeedHealth; id: () => string } = { feed: NO_FEED, id: () => '' };
  const snapshots =
    snapshotPath === undefined
      ? undefined
      : startSnapshots(toSnapshotOptions(settings, snapshotPath), cache, { clock, feed: () => news.id() });
  // Whole ms take no memory of their own beside each user, and an age is never told too low.
  const wholeMs = () => Math.floor(clock());
  const remote = withSplitting(createRemoteUserReader(telemetry.overCalls(connection.transport), wholeMs));
  const deadlines = new DeadlineTimers(clock);
  const guarded = withBreaker(withHedging(remote, settings), { breaker, deadlines, clock, settings });
  const watch = (tenant: string) => (options.watch === false ? undefined : feed.watch(tenant));
  // Half-open, the breaker asks by itself: a caller who asked would wait for a service that may still hang.
  const isAway = () => breaker.state !== 'closed';
  const watched = withFeed(guarded, (tenant) => watch(tenant));
  const remembered = withCache(watched, cache, {
    options: settings,
    clock,
    hitClock,
    counters,
    deadlines,
    feed: { liveSinceMs: (tenant) => news.feed.liveSinceMs(tenant) },
    isServiceDown: isAway,
    onStale: createStaleListener({ metrics: telemetry.metrics, clock }),
  });
  const cached = withAnswerTelemetry(remembered, { metrics: telemetry.metrics, clock });
  const feed = createChangeFeed({
    transport: connection.transport,
    clock,
    sink: remembered,
    ...(snapshots && { feed: snapshots.feed }),
  });
  news.feed = feed;
  news.id = () => feed.id;
  let closing: Promise<void> | undefined;
  const isClosed = () => closing !== undefined;
  const layers = { settings, counters, clock, deadlines, breaker, resolver: remote, cached, isClosed };
  const close = () => {
    closing ??= Promise.all([snapshots?.close(), feed.close()]).then(() => undefined);
    telemetry.close();
    // First: what ends now says nothing about the service.
    breaker.close();
    // A transport that was passed in stays open, and its calls with it: whoever waits for them is told here.
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
 * A tenant is watched from the first answer that shows a user of it, whatever state that is in: a hit needs no look, and tenant
 * ids that somebody made up take no place from those that exist.
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
