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
