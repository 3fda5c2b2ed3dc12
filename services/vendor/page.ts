/** A place in a list that is ordered by a time and then by id, newest first. */
export interface ListPosition {
  /** `createTime` in ms since 1970. */
  readonly timeMs: number;
  readonly id: string;
}

/** One page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** What a list is ordered by. */
export interface Listed {
  readonly id: string;
  readonly createTime: Date;
}

/** The most bytes of rows in one answer: what fits into a message of 4 MiB with room for what stands around them. */
export const MAX_RESPONSE_BYTES = 3_900_000;

/**
 * A page out of what was found: no more than `limit`, and no more than surely fits into one answer; at least one.
 * @param found one more than `limit`, where there is more
 * @param mostBytes no fewer than the row takes on the wire
 */
export function toPage<Row extends Listed>(
  found: readonly Row[],
  limit: number,
  mostBytes: (row: Row) => number,
): Page<Row> {
  let bytes = 0;
  const tooMany = found.findIndex((row, at) => {
    bytes += mostBytes(row);
    return at > 0 && bytes > MAX_RESPONSE_BYTES;
  });
  const rows = found.slice(0, Math.min(limit, tooMany < 0 ? limit : tooMany));
  const last = rows.at(-1);
  if (!last || rows.length === found.length) return { rows };
  return { rows, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

// Ids, times, states, amounts and the user beside it, whose texts the user service bounds: all of it, with field names.
const FRAME_BYTES = 8_000;
// UTF-8 takes at most three for each unit of UTF-16.
const TEXT_BYTES = 3;

/** No fewer bytes than a row with these texts takes on the wire, its user included. */
export function maxRowBytes(texts: readonly string[]): number {
  return FRAME_BYTES + TEXT_BYTES * texts.reduce((sum, { length }) => sum + length, 0);
}

/** Where a page begins, as the first values behind the tenant: time and id of the row before it. */
export function pageBounds(after: ListPosition | undefined): [Date | string, string] {
  return after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
}

// Where the first page begins, so that it needs no statement of its own.
const BEFORE_ALL: [string, string] = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
