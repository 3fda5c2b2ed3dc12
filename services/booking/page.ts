import type { ShownUser } from '@rollcall/user-access';

/** A position in a list that is ordered by `createTime` and id, newest first. */
export interface TimePosition {
  /** `createTime` in ms since 1970. */
  readonly timeMs: number;
  /** In lower case. */
  readonly id: string;
}

/** One page of a list. */
export interface Page<Row, Position = TimePosition> {
  readonly rows: readonly Row[];
  /** Position of the last row. Absent: this is the last page. */
  readonly next?: Position;
}

/** Bound of the rows of one response: 4 MiB less room for the rest of the message. */
export const MAX_RESPONSE_BYTES = 3_900_000;

/**
 * Returns the first rows that one response can hold, and at least one.
 * @param maxBytes an upper bound of a row's encoded size
 */
export function limitBySize<Row>(rows: readonly Row[], maxBytes: (row: Row) => number): readonly Row[] {
  let bytes = 0;
  const firstTooMany = rows.findIndex((each, i) => {
    bytes += maxBytes(each);
    return i > 0 && bytes > MAX_RESPONSE_BYTES;
  });
  return firstTooMany < 0 ? rows : rows.slice(0, firstTooMany);
}

// UTF-8 takes at most three bytes for a unit of UTF-16.
const TEXT_BYTES = 3;
// Ids, times, states and field names of one message.
const FRAME_BYTES = 1000;

/** Returns an upper bound of the encoded size of a message with these texts. Cheaper than encoding it. */
export function maxTextBytes(...texts: readonly string[]): number {
  return FRAME_BYTES + TEXT_BYTES * texts.reduce((sum, { length }) => sum + length, 0);
}

/** Returns an upper bound of the encoded size of a shown user; 0 for undefined. */
export function maxUserBytes(known: ShownUser | undefined): number {
  if (!known || !('user' in known)) return 0;
  const { displayName, firstName, lastName, businessName, profileImage } = known.user;
  return maxTextBytes(displayName, firstName, lastName, businessName, profileImage);
}
