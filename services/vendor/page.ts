/** A position in a list that is ordered by `createTime` and id, newest first. */
export interface ListPosition {
  /** `createTime` in ms since 1970. */
  readonly timeMs: number;
  readonly id: string;
}

/** One page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Position of the last row. Absent: this is the last page. */
  readonly next?: ListPosition;
}

/** The fields that order a list. */
export interface Listed {
  readonly id: string;
  readonly createTime: Date;
}

/** Bound of the rows of one response: 4 MiB less room for the rest of the message. */
export const MAX_RESPONSE_BYTES = 3_900_000;

/**
 * Cuts a page that holds at least one row, at most `limit` rows, and no more than one response can hold.
 * @param found one row more than `limit` when more exist
 * @param maxBytes an upper bound of a row's encoded size
 */
export function toPage<Row extends Listed>(
  found: readonly Row[],
  limit: number,
  maxBytes: (row: Row) => number,
): Page<Row> {
  let bytes = 0;
  const firstTooMany = found.findIndex((row, at) => {
    bytes += maxBytes(row);
    return at > 0 && bytes > MAX_RESPONSE_BYTES;
  });
  const rows = found.slice(0, Math.min(limit, firstTooMany < 0 ? limit : firstTooMany));
  const last = rows.at(-1);
  if (!last || rows.length === found.length) return { rows };
  return { rows, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

// Ids, times, states, amounts and the user, whose texts the user service bounds, with field names.
const FRAME_BYTES = 8_000;
// UTF-8 takes at most three bytes for a unit of UTF-16.
const TEXT_BYTES = 3;

/** Returns an upper bound of the encoded size of a row with these texts and its user. */
export function maxRowBytes(texts: readonly string[]): number {
  return FRAME_BYTES + TEXT_BYTES * texts.reduce((sum, { length }) => sum + length, 0);
}

/** Returns the SQL values of a position: time and id of the row before the page. */
export function pageBounds(after: ListPosition | undefined): [Date | string, string] {
  return after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
}

// Before the newest row, so that the first page needs no statement of its own.
const BEFORE_ALL: [string, string] = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
