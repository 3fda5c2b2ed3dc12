import { type User, UserView } from '@rollcall/contract/user';
import type { Degradation } from './user-lookup.ts';

/** The tenant and view of a read. All ids of a read share them, so that answers cannot cross either. */
export interface UserScope {
  readonly tenantId: string;
  /** Never UNSPECIFIED. */
  readonly view: UserView;
}

/** Name of a view in the contract. */
export type ViewName = Exclude<keyof typeof UserView, 'UNSPECIFIED'>;

export function toViewName(view: UserView): ViewName {
  return view === UserView.FULL ? 'FULL' : view === UserView.BASIC ? 'BASIC' : 'REFERENCE';
}

/** One id to read. */
export interface UserRead {
  /** Lower-case UUID. */
  readonly id: string;
  /** The lowest version to accept. 0n: any. */
  readonly minVersion: bigint;
  /** The version of the caller's copy, for the answer `unchanged`. Absent: it has no copy. */
  readonly knownVersion?: bigint;
  /** Whether that copy shows no ratings. Absent: it shows some, or there is no copy. */
  readonly isUnrated?: boolean;
}

/**
 * Which old answers may be served during an outage. `none`: fresh answers only. `stale`: also users that this
 * process read before. `snapshot`: also users that an earlier process read.
 */
export type DegradeLimit = 'none' | 'stale' | 'snapshot';

/** The limits of a read. */
export interface ReadCall {
  /** Point on the client's clock, in ms. */
  readonly deadlineAtMs: number;
  /**
   * Above the batches: ends the wait of this caller, while a shared read goes on. Below: cancels the call.
   */
  readonly signal?: AbortSignal;
  /** Oldest age in ms of a stale answer. Absent: the client's limit. Only the cache uses it. */
  readonly maxStaleMs?: number;
  /** Which old answers may be served during an outage. Absent: the client's limit. Only the cache uses it. */
  readonly degrade?: DegradeLimit;
  /** Below the batches: the batch that this call is a part of. Absent: it is the whole. */
  readonly read?: object;
  /** Below the batches: whether the deadline is shorter than the client's `timeoutMs`. Default false. */
  readonly isCutShort?: boolean;
  /**
   * Below the breaker: called once the service has answered the whole and parts are asked again, whose
   * deadline is then no timeout of the service.
   */
  readonly onAnswered?: () => void;
}

/**
 * The answer of a service or cache about one id. `readAtMs`: point on the client's clock from which it was
 * true, at the latest.
 */
export type UserAnswer =
  | {
      readonly outcome: 'found';
      /** Frozen. After a merge the survivor, whose id differs. */
      readonly user: User;
      readonly readAtMs: number;
      /**
       * A later version that changed ratings or statistics only while the read was in flight. Absent: none.
       */
      readonly dueVersion?: bigint | undefined;
      readonly source: 'cache' | 'service' | 'stale' | 'snapshot';
      /** Why the answer is stale or from the snapshot. Absent: it is neither. */
      readonly degraded?: Degradation;
    }
  | { readonly outcome: 'missing'; readonly readAtMs: number; readonly source: 'cache' | 'service' }
  /** The version of the caller's copy is current. */
  | { readonly outcome: 'unchanged'; readonly version: bigint; readonly readAtMs: number }
  /** This id could not be read, while others of the read could. */
  | { readonly outcome: 'failed'; readonly error: unknown };

/**
 * Reads users: the interface of every layer. Gives one answer per read, in the order of the reads. Rejects
 * where nothing could be asked.
 */
export interface UserReader {
  readMany(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Promise<readonly UserAnswer[]>;
}

/** The client's clock in ms. Monotonic, so that a jump of the machine's clock changes no age. */
export type Clock = () => number;
