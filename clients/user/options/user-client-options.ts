import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { UserView } from '@rollcall/contract/user';
import type { ConnectionOptions } from '@rollcall/transport';
import type { BreakerOptions } from '@rollcall/transport/guard';
import type { Clock, DegradeLimit } from '../model/user-reader.ts';

/** Options of createUserClient. Give `address` or `transport`; every other option has a default. */
export interface UserClientOptions extends Omit<ConnectionOptions, 'defaultTimeoutMs' | 'guard'> {
  /** The tenant to ask about. Absent: name one with `forTenant`. */
  tenantId?: string;
  /**
   * Whether to follow the change feed (WatchUsers). If true, the first user that is read opens a stream,
   * which keeps the process running until the client is closed. Up to 1000 tenants share it. If false, a user
   * is fresh for `ttlMs`.
   * @defaultValue true
   */
  watch?: boolean;
  /**
   * How much of a user to read where the call does not say. REFERENCE has names and state, and no contact
   * data.
   * @defaultValue UserView.REFERENCE
   */
  view?: UserView;
  /**
   * Deadline of a call in ms. An earlier deadline of `withDeadline` holds. There is no other timeout.
   * @defaultValue 1000
   */
  timeoutMs?: number;
  /**
   * Age in ms up to which a user is served from memory without asking. 0: always ask.
   * @defaultValue 5000
   */
  ttlMs?: number;
  /**
   * Age in ms up to which a user is served without asking while the change feed is live. At least `ttlMs`.
   * @defaultValue 600000, or `ttlMs` where that is longer or 0
   */
  liveTtlMs?: number;
  /**
   * Age in ms up to which an id counts as missing without asking. 0: always ask.
   * @defaultValue 1000
   */
  missingTtlMs?: number;
  /**
   * Age in ms up to which an id counts as missing without asking while the change feed is live, which takes a
   * user of the tenant that was read. At least `missingTtlMs`.
   * @defaultValue 60000, or `missingTtlMs` where that is longer or 0
   */
  liveMissingTtlMs?: number;
  /**
   * Share of its ttl after which a user that is asked for is also read in the background. Below 1. 0: never.
   * @defaultValue 0.8
   */
  refreshAheadRatio?: number;
  /**
   * Age in ms up to which a user is served from memory while the service is down. At least `ttlMs`.
   * @defaultValue 86400000 (24 hours)
   */
  maxStaleMs?: number;
  /**
   * Which users are served while the service is down. `snapshot`: those that this process read, or else an
   * earlier one. `stale`: those that this process read. `none`: none, so that an outage is seen at once.
   * @defaultValue 'snapshot'
   */
  degrade?: DegradeLimit;
  /**
   * Most ids of users in memory, of all tenants together. The least recently used is evicted first.
   * @defaultValue 100000
   */
  maxEntries?: number;
  /**
   * Most bytes of these users, estimated from their texts and times. Users are evicted when either limit is
   * reached. The default has room for more than `maxEntries` users with names alone.
   * @defaultValue 134217728 (128 MiB)
   */
  maxBytes?: number;
  /**
   * Most missing ids in memory.
   * @defaultValue 10000
   */
  maxMissingEntries?: number;
  /**
   * Most versions remembered of users that are not in memory, so that none of them is served older than it
   * was seen. About 200 bytes each.
   * @defaultValue 100000
   */
  maxSeenVersions?: number;
  /**
   * Time in ms to wait for more ids before a batch is sent, up to 1000. 0: until the end of the current turn
   * of the event loop.
   * @defaultValue 0
   */
  batchWindowMs?: number;
  /**
   * Most ids of one call, which limits the damage of a fault in a caller. One request takes 500 ids.
   * @defaultValue 10000
   */
  maxIdsPerCall?: number;
  /**
   * File that carries users over a restart. It is read when the client is created, and written at intervals
   * and at close, for its owner only. One process per file. A file that is damaged or foreign is not used,
   * with a warning of the process. Absent: no snapshot.
   */
  snapshotPath?: string;
  /**
   * Time between two writes of the snapshot in ms, from 1000 to an hour.
   * @defaultValue 60000
   */
  snapshotIntervalMs?: number;
  /**
   * The largest view in the snapshot. With BASIC and FULL, contact data rests on the disk, and erased data
   * stays there until the next write.
   * @defaultValue UserView.REFERENCE
   */
  snapshotView?: UserView;
  /**
   * Time in ms without an answer after which a read is also sent to another server. Limited to one read in
   * ten, and useful only where several servers share the calls. 0: never.
   * @defaultValue 0
   */
  hedgeAfterMs?: number;
  /** When the breaker opens. Absent: the defaults of BreakerOptions. */
  breaker?: BreakerOptions;
  /** Providers of OpenTelemetry. Absent: the global ones, where the process has an SDK. False: none. */
  telemetry?: TelemetryOptions | false;
  /**
   * Monotonic clock in ms, for tests.
   * @defaultValue performance.now
   */
  clock?: Clock;
}

/** Providers of OpenTelemetry that receive metrics and spans. */
export interface TelemetryOptions {
  /** Absent: the global one at the time the client is created. */
  meterProvider?: MeterProvider;
  /** Absent: the global one. */
  tracerProvider?: TracerProvider;
}
