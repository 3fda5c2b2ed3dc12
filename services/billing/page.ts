/** A place in a list that is ordered by a time and then by id, newest first. */
export interface TimePosition {
  /** In ms since 1970. */
  readonly timeMs: number;
  readonly id: string;
}

/** One page of a list. */
export interface Page<Row, Position> {
  readonly rows: readonly Row[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: Position;
}

/**
 * A page out of what was found.
 * @param found one more than `limit`, where there is more
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
