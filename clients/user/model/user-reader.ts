import { type User, UserView } from '@rollcall/contract/user';
import type { Degradation } from './user-lookup.ts';

/** What every id of a read shares. One read is of one tenant and one view, so that answers cannot cross either. */
export interface UserScope {
  readonly tenantId: string;
  /** Never UNSPECIFIED. */
  readonly view: UserView;
}

/** How much of a user, as `UserView` names it. */
export type ViewName = Exclude<keyof typeof UserView, 'UNSPECIFIED'>;

/** `REFERENCE`, as the contract has it. */
export function toViewName(view: UserView): ViewName {
  return view === UserView.FULL ? 'FULL' : view === UserView.BASIC ? 'BASIC' : 'REFERENCE';
}

/** One id to read. */
export interface UserRead {
  /** Lower-case UUID. */
  readonly id: string;
  /** The lowest version that will do; 0n: any. */
  readonly minVersion: bigint;
  /** The version that the asker holds and wants to hear `unchanged` about. Absent: it holds none. */
  readonly knownVersion?: bigint;
  /** Whether the copy of that version shows no ratings. Absent: it shows some, or none is held. */
  readonly isUnrated?: boolean;
}

/**
 * How far down an outage may lead. `none`: fresh answers only. `stale`: also what this process read before. `snapshot`:
 * also what an earlier process read.
 */
export type DegradeLimit = 'none' | 'stale' | 'snapshot';

/** How long to try, and what will do instead. */
export interface ReadCall {
  /** Point on the client's clock, in ms. */
  readonly deadlineAtMs: number;
  /** Above the batches: ends the wait of this caller; a read that others share goes on. Below: cancels the call. */
  readonly signal?: AbortSignal;
  /** Oldest age in ms of an answer from before an outage. Absent: the client's bound. Looked at by the cache alone. */
  readonly maxStaleMs?: number;
  /** What will do during an outage. Absent: what the client allows. Looked at by the cache alone. */
  readonly degrade?: DegradeLimit;
  /** Below the batches: the read that was sent in parts, of which this is one. Absent: it is the whole. */
  readonly read?: object;
  /** Below the batches: less time is left than the client's `timeoutMs`. Default false. */
  readonly isCutShort?: boolean;
  /** Below the breaker: called when the service has answered the whole, and parts are asked again: what they lack is no timeout. */
  readonly onAnswered?: () => void;
}

/** What a user service, or what remembers it, says of one id. `readAtMs`: true at that point of the client's clock or later. */
export type UserAnswer =
  | {
      readonly outcome: 'found';
      /** After a merge the survivor, whose id then differs. Frozen. */
      readonly user: User;
      readonly readAtMs: number;
      /** A later version, up to which only ratings or statistics changed while the read was on its way. Absent: none. */
      readonly dueVersion?: bigint | undefined;
      readonly source: 'cache' | 'service' | 'stale' | 'snapshot';
      /** Why it is stale or from the snapshot. Absent: it is not. */
      readonly degraded?: Degradation;
    }
  | { readonly outcome: 'missing'; readonly readAtMs: number; readonly source: 'cache' | 'service' }
  /** The version that the asker holds is current. */
  | { readonly outcome: 'unchanged'; readonly version: bigint; readonly readAtMs: number }
  /** This id could not be asked while others of the same read could. */
  | { readonly outcome: 'failed'; readonly error: unknown };

/**
 * Reads users: the interface that every layer speaks, and wraps. One answer per read, in the order of the reads.
 * Rejects where nothing could be asked.
 */
export interface UserReader {
  readMany(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Promise<readonly UserAnswer[]>;
}

/** The client's clock in ms: monotonic, so that a jump of the machine's clock makes nothing older or younger. */
export type Clock = () => number;
