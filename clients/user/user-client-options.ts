import type { UserView } from '@rollcall/contract/user';
import type { ConnectionOptions } from '@rollcall/transport';
import type { BreakerOptions } from './breaker.ts';
import type { Clock } from './user-reader.ts';

/** How to reach the user service, and how to remember what it says. Give `address` or `transport`; all else has a default. */
export interface UserClientOptions extends Omit<ConnectionOptions, 'defaultTimeoutMs'> {
  /** The tenant to ask about. Absent: name one with `forTenant`. */
  tenantId?: string;
  /** How much of a user to ask for where the call does not say. Default REFERENCE: names and state, no contact data. */
  view?: UserView;
  /** Deadline of a call in ms, where it does not run under an earlier `withDeadline`. Default 1000. The only timeout there is. */
  timeoutMs?: number;
  /** Age in ms up to which a user is answered from memory without asking. Default 5000; 0: always ask. */
  ttlMs?: number;
  /** Age in ms up to which an id that is missing is answered so without asking. Default 1000; 0: always ask. */
  missingTtlMs?: number;
  /** Age in ms up to which a user is answered from memory while the service is away. Default 24 hours; not under `ttlMs`. */
  maxStaleMs?: number;
  /** Most users kept in memory, of all tenants and views together; the least recently used goes first. Default 100000. */
  maxEntries?: number;
  /** Most missing ids kept in memory. Default 10000. */
  maxMissingEntries?: number;
  /** Time in ms to wait for more ids to ask for together. Default 0: until the current tick is over. At most 1000. */
  batchWindowMs?: number;
  /** Most ids of one call, so that a fault in a caller stays small. Default 10000; the wire takes 500 at a time. */
  maxIdsPerCall?: number;
  /**
   * Time in ms without an answer after which a read is sent to another server too; at most one read in ten. Of use only where
   * several servers share the calls. Default 0: never.
   */
  hedgeAfterMs?: number;
  /** When to stop asking a service that fails. Absent: the defaults of BreakerOptions. */
  breaker?: BreakerOptions;
  /** Monotonic clock in ms, for tests. Default `performance.now`. */
  clock?: Clock;
}

/** What one call wants otherwise. */
export interface UserReadOptions {
  /** How much of the user. Default: the client's view. */
  view?: UserView;
  /** Gives up this call with UserReadCanceledError. A read that others share goes on. */
  signal?: AbortSignal;
  /** Deadline in ms of this call. Default: the client's. 0 or less has passed already: only memory is asked. */
  timeoutMs?: number;
  /** The lowest version that will do, from an earlier write, read or event. Default: any. With several ids it is for each. */
  minVersion?: bigint;
  /** Oldest age in ms of an answer while the service is away. Default: the client's bound, which it cannot exceed. */
  maxStaleMs?: number;
}
