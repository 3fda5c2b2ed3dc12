/** A position in a list that is ordered by time and then by id, newest first. */
export interface TimePosition {
  /** In ms since 1970. */
  readonly timeMs: number;
  readonly id: string;
}

/** One page of a list. */
export interface Page<Row, Position> {
  readonly rows: readonly Row[];
  /** The position after which the next page begins. Absent: this is the last page. */
  readonly next?: Position;
}

/**
 * Cuts a page out of the found rows.
 * @param found up to `limit` + 1 rows; the extra row shows that a next page exists
 */
export function toPage<Row, Position>(
  found: readonly Row[],
  limit: number,
  positionOf: (row: Row) => Position,
): Page<Row, Position> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return found.length > limit && last !== undefined ? { rows, next: positionOf(last) } : { rows };
}
