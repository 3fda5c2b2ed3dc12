import type { UserChange } from '../users/user-change.ts';
import type { FeedPosition } from './feed-position.ts';

/** A piece of the feed, and where it ends. */
export interface FeedStretch {
  readonly changes: readonly UserChange[];
  readonly position: FeedPosition;
  /** Whether more can be had at once. */
  readonly more: boolean;
  /** Every change that was committed before this moment of the database's clock lies before `position`. */
  readonly time: Date;
}

/** What the feed reaches. */
export interface FeedBounds {
  readonly feedId: string;
  /** Positions at or below are not complete any more. */
  readonly removedThrough: bigint;
  /** Where a watcher begins that wants nothing of the past. */
  readonly now: FeedPosition;
  /** No position lies beyond this one yet. */
  readonly xmax: bigint;
}

/** The changes as they are kept. */
export interface ChangeLog {
  bounds(): Promise<FeedBounds>;
  /** What lies behind a position, of these tenants or of all, at most `limit` changes. */
  read(
    after: FeedPosition,
    options: { readonly limit: number; readonly tenantIds?: readonly string[] },
  ): Promise<FeedStretch>;
  /** Removes what is older, and answers how many. */
  removeOlderThan(ageMs: number): Promise<number>;
}
