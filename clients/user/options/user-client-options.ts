import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { UserView } from '@rollcall/contract/user';
import type { ConnectionOptions } from '@rollcall/transport';
import type { BreakerOptions } from '@rollcall/transport/guard';
import type { Clock, DegradeLimit } from '../model/user-reader.ts';

/** How to reach the user service, and how to remember what it says. Give `address` or `transport`; all else has a default. */
export interface UserClientOptions extends Omit<ConnectionOptions, 'defaultTimeoutMs' | 'guard'> {
  /** The tenant to ask about. Absent: name one with `forTenant`. */
  tenantId?: string;
  /**
   * Whether to hear of changes (WatchUsers). Default true: the first user that is read opens a stream, which keeps the process
   * running until the client is closed; tenants join it likewise, up to 1000. False: an answer is believed for `ttlMs`.
   */
  watch?: boolean;
  /** How much of a user to ask for where the call does not say. Default REFERENCE: names and state, no contact data. */
  view?: UserView;
  /** Deadline of a call in ms, where it does not run under an earlier `withDeadline`. Default 1000. The only timeout there is. */
  timeoutMs?: number;
  /** Age in ms up to which a user is answered from memory without asking. Default 5000; 0: always ask. */
  ttlMs?: number;
  /**
   * The same while every change since the user was read has been told. Default 600000, or `ttlMs` where that is longer or 0;
   * not under `ttlMs`.
   */
  liveTtlMs?: number;
  /** Age in ms up to which an id that is missing is answered so without asking. Default 1000; 0: always ask. */
  missingTtlMs?: number;
  /**
   * The same while every change since then has been told, which is so only of a tenant of which a user was read. Default 60000,
   * or `missingTtlMs` where that is longer or 0; not under `missingTtlMs`.
   */
  liveMissingTtlMs?: number;
  /**
   * Share of its life after which a user that is asked for is answered, and read anew meanwhile. Default 0.8, below 1;
   * 0: never.
   */
  refreshAheadRatio?: number;
  /** Age in ms up to which a user is answered from memory while the service is away. Default 24 hours; not under `ttlMs`. */
  maxStaleMs?: number;
  /**
   * What is answered while the service is away. Default `snapshot`: what this process read before, else what an earlier one
   * did; `stale`: the former alone; `none`: nothing, so that an outage is seen at once.
   */
  degrade?: DegradeLimit;
  /** Most ids of which users are kept in memory, of all tenants together; one that was not used for long goes first. Default 100000. */
  maxEntries?: number;
  /**
   * Most bytes that those users take, as estimated from their texts and times. Default 134217728 (128 MiB), which is room for
   * more than `maxEntries` users with names alone. Whichever bound is met first counts.
   */
  maxBytes?: number;
  /** Most missing ids kept in memory. Default 10000. */
  maxMissingEntries?: number;
  /**
   * Most versions remembered of users that are not in memory, so that none of them is shown older than it was seen. Default
   * 100000; some 200 bytes each.
   */
  maxSeenVersions?: number;
  /** Time in ms to wait for more ids to ask for together. Default 0: until the current turn of the event loop is over. At most 1000. */
  batchWindowMs?: number;
  /** Most ids of one call, so that a fault in a caller stays small. Default 10000; the wire takes 500 at a time. */
  maxIdsPerCall?: number;
  /**
   * File to carry users over a restart: read when the client is made, written now and then and at close, for its owner alone
   * to read. One process per file. Absent: none. A file that is damaged or something else is reported as a warning of the
   * process, and not used.
   */
  snapshotPath?: string;
  /** Time in ms between two writes of it. Default 60000, from 1000 to an hour. */
  snapshotIntervalMs?: number;
  /**
   * The largest view written to it. Default REFERENCE: with BASIC and FULL, contact data of users rests on the disk, and
   * what is erased at the service stays there until the next write.
   */
  snapshotView?: UserView;
  /**
   * Time in ms without an answer after which a read is sent to another server too; at most one read in ten. Of use only where
   * several servers share the calls. Default 0: never.
   */
  hedgeAfterMs?: number;
  /** When to stop asking a service that fails. Absent: the defaults of BreakerOptions. */
  breaker?: BreakerOptions;
  /** Whom to tell through OpenTelemetry. Absent: the process's own SDK, where it has one; false: nobody. */
  telemetry?: TelemetryOptions | false;
  /** Monotonic clock in ms, for tests. Default `performance.now`. */
  clock?: Clock;
}

/** Whom to tell through OpenTelemetry. */
export interface TelemetryOptions {
  /** Default: the global one, as it is when the client is made. */
  meterProvider?: MeterProvider;
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
}

/** What one call wants otherwise. */
export interface UserReadOptions {
  /** How much of the user. Default: the client's view. */
  view?: UserView;
  /** Gives up this call with UserReadCanceledError. A read that others share goes on. */
  signal?: AbortSignal;
  /** Deadline in ms of this call. Default: the client's. 0 or less has passed already: only memory is asked. */
  timeoutMs?: number;
  /**
   * The lowest version that will do, from an earlier write, read or event, below 2n ** 63n. Default: any. With several ids it is for each. It
   * binds this call alone, so that a wrong one harms nobody else: where the version is not had, nothing remembers that it was asked
   * for. Once it was answered, nothing older is, to nobody. What several calls must not fall behind: `withSeenVersions`.
   */
  minVersion?: bigint;
  /** Oldest age in ms of an answer while the service is away. Default: the client's bound, which it cannot exceed. */
  maxStaleMs?: number;
  /** What will do while the service is away. Default: the client's `degrade`. */
  degrade?: DegradeLimit;
}
