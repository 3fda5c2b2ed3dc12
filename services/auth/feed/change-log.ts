import type { UserChange } from '../users/user-change.ts';

/**
 * A position in the change feed: all transactions below `xid` are before it.
 * Inside a range of transactions that was too long for one read, `within` adds the rows of the range up to
 * `seq`.
 */
export interface FeedPosition {
  readonly xid: bigint;
  readonly within?: { readonly endXid: bigint; readonly seq: bigint };
}

/** The cursor of a position. It names the feed, because positions of different feeds cannot be compared. */
export function toCursor(feed: string, { xid, within }: FeedPosition): string {
  const place = within ? `${xid}-${within.endXid}-${within.seq}` : String(xid);
  return `${feed}.${place}`;
}

/** The position of a cursor; undefined when the cursor belongs to another feed. */
export function positionFromCursor(feed: string, cursor: string): FeedPosition | undefined {
  const match = /^([0-9A-Za-z-]{1,100})\.(\d{1,19})(?:-(\d{1,19})-(\d{1,18}))?$/.exec(cursor);
  if (!match || match[1] !== feed) return undefined;
  const xid = BigInt(match[2] as string);
  if (match[3] === undefined || match[4] === undefined) return { xid };
  return { xid, within: { endXid: BigInt(match[3]), seq: BigInt(match[4]) } };
}

/** The end of the range that contains a position. */
export function endOf({ xid, within }: FeedPosition): FeedPosition {
  return { xid: within?.endXid ?? xid };
}

/** A batch of changes, and the position after it. */
export interface FeedBatch {
  /** The feed of the batch. After a different feed the batch does not continue the one before. */
  readonly feed: string;
  readonly changes: readonly UserChange[];
  readonly position: FeedPosition;
  /** The position at which a watcher without a cursor begins. */
  readonly now: FeedPosition;
  /** Whether another batch can be read at once. */
  readonly hasMore: boolean;
  /** Every change that was committed before this time of the database's clock is before `position`. */
  readonly time: Date;
  /** How far `time` is behind the database's clock. Milliseconds. */
  readonly behindMs: number;
}

/** The range of positions that the feed covers. */
export interface FeedBounds {
  /**
   * Identity of the feed: the id that `npm run feed -- renew` replaces, the database cluster, its timeline,
   * and its last crash recovery. Only positions of one feed are ordered.
   */
  readonly feed: string;
  /** Changes at and below this transaction id are no longer complete. */
  readonly removedThrough: bigint;
  /** The position at which a watcher without a cursor begins. */
  readonly now: FeedPosition;
  /** No position is beyond this transaction id yet. */
  readonly xmax: bigint;
}

/** The transaction that holds the feed back. */
export interface FeedHolder {
  readonly database: string;
  /** Process id of its session; undefined for a prepared transaction. */
  readonly pid: number | undefined;
  /** User and application of the session, or the id of the prepared transaction. */
  readonly who: string;
  /** Its age. Milliseconds; undefined when the role of the service may not see it. */
  readonly ageMs: number | undefined;
}

/** The stored changes. */
export interface ChangeLog {
  /** @throws Error when the database is a standby, which has no feed. */
  bounds(): Promise<FeedBounds>;
  /** Reads at most `limit` changes after a position, of these tenants or of all. */
  read(
    after: FeedPosition,
    options: { readonly limit: number; readonly tenantIds?: readonly string[] },
  ): Promise<FeedBatch>;
  /**
   * Records in the database which feed it holds now, for replicas to show, and deletes the changes of another
   * feed. Repeating it has no effect.
   */
  adopt(): Promise<void>;
  /**
   * Begins another feed and returns its identity. Every existing cursor is refused, and every running process
   * empties its cache.
   */
  renew(): Promise<string>;
  /** The oldest transaction of the whole server that may still write; undefined when no transaction may. */
  holder(): Promise<FeedHolder | undefined>;
  /** Removes older changes and returns their number. */
  removeOlderThan(ageMs: number): Promise<number>;
}
