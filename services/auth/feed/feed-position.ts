/**
 * A place in the change feed: everything of transactions below `xid` is behind it. In the middle of a stretch that was too
 * long for one reading, `within` says how far: behind it are the rows of the stretch up to `seq` as well.
 */
export interface FeedPosition {
  readonly xid: bigint;
  readonly within?: { readonly endXid: bigint; readonly seq: bigint };
}

/** The cursor of a position; tied to the feed, so that one of another database is known for what it is. */
export function toCursor(feedId: string, { xid, within }: FeedPosition): string {
  const place = within ? `${xid}-${within.endXid}-${within.seq}` : String(xid);
  return `${feedId.slice(0, 8)}.${place}`;
}

/** The position of a cursor; undefined where it is not one of this feed. */
export function positionFromCursor(feedId: string, cursor: string): FeedPosition | undefined {
  const match = /^([0-9a-f]{8})\.(\d{1,19})(?:-(\d{1,19})-(\d{1,18}))?$/.exec(cursor);
  if (!match || match[1] !== feedId.slice(0, 8)) return undefined;
  const xid = BigInt(match[2] as string);
  if (match[3] === undefined || match[4] === undefined) return { xid };
  return { xid, within: { endXid: BigInt(match[3]), seq: BigInt(match[4]) } };
}
