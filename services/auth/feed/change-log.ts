import type { UserChange } from '../users/user-change.ts';

/**
 * A place in the change feed: everything of transactions below `xid` is behind it. In the middle of a stretch that was too
 * long for one reading, `within` says how far: behind it are the rows of the stretch up to `seq` as well.
 */
export interface FeedPosition {
  readonly xid: bigint;
  readonly within?: { readonly endXid: bigint; readonly seq: bigint };
}

/** The cursor of a position. It names the feed, because a place in one feed means nothing in another. */
export function toCursor(feed: string, { xid, within }: FeedPosition): string {
  const place = within ? `${xid}-${within.endXid}-${within.seq}` : String(xid);
  return `${feed}.${place}`;
}

/** The position of a cursor; undefined where it is not one of this feed. */
export function positionFromCursor(feed: string, cursor: string): FeedPosition | undefined {
  const match = /^([0-9A-Za-z-]{1,100})\.(\d{1,19})(?:-(\d{1,19})-(\d{1,18}))?$/.exec(cursor);
  if (!match || match[1] !== feed) return undefined;
  const xid = BigInt(match[2] as string);
  if (match[3] === undefined || match[4] === undefined) return { xid };
  return { xid, within: { endXid: BigInt(match[3]), seq: BigInt(match[4]) } };
}

/** Where the stretch ends that a position lies in. */
export function endOf({ xid, within }: FeedPosition): FeedPosition {
  return { xid: within?.endXid ?? xid };
}

/** A piece of the feed, and where it ends. */
export interface FeedBatch {
  /** The feed that this is a piece of. Where it differs from the feed that was read before, the piece continues nothing. */
  readonly feed: string;
  readonly changes: readonly UserChange[];
  readonly position: FeedPosition;
  /** Where a watcher begins that wants nothing of the past. */
  readonly now: FeedPosition;
  /** Whether more can be had at once. */
  readonly hasMore: boolean;
  /** Every change that was committed before this moment of the database's clock lies before `position`. */
  readonly time: Date;
  /** How far `time` is behind the database's clock. Milliseconds. */
  readonly behindMs: number;
}

/** What the feed reaches. */
export interface FeedBounds {
  /**
   * Identifies the feed: the id that `npm run feed -- renew` replaces, the database cluster, its timeline, and its last
   * recovery from a crash. Places of one feed are in order; of two feeds nothing can be compared.
   */
  readonly feed: string;
  /** Positions at or below are not complete any more. */
  readonly removedThrough: bigint;
  /** Where a watcher begins that wants nothing of the past. */
  readonly now: FeedPosition;
  /** No position lies beyond this one yet. */
  readonly xmax: bigint;
}

/** The transaction that the end of the feed waits for. */
export interface FeedHolder {
  readonly database: string;
  /** Process id of its session; undefined: it is prepared, and has none. */
  readonly pid: number | undefined;
  /** How PostgreSQL knows it otherwise: user and application of the session, or the id of the prepared transaction. */
  readonly who: string;
  /** Its age in milliseconds; undefined: the service's role may not see it. */
  readonly ageMs: number | undefined;
}

/** The changes as they are kept. */
export interface ChangeLog {
  /** @throws Error when the database is a standby, which has no feed. */
  bounds(): Promise<FeedBounds>;
  /** What lies behind a position, of these tenants or of all, at most `limit` changes. */
  read(
    after: FeedPosition,
    options: { readonly limit: number; readonly tenantIds?: readonly string[] },
  ): Promise<FeedBatch>;
  /**
   * Writes down in the database which feed it holds now, so that replicas show whether they follow it, and clears away what
   * another feed left. Again: nothing.
   */
  adopt(): Promise<void>;
  /** Begins another feed: every cursor handed out so far is refused, and every running process forgets. Answers its identity. */
  renew(): Promise<string>;
  /** The oldest transaction of the whole server that may still write; undefined: there is none. */
  holder(): Promise<FeedHolder | undefined>;
  /** Removes what is older, and answers how many. */
  removeOlderThan(ageMs: number): Promise<number>;
}
