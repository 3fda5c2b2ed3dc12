import type { ShownUser } from '@rollcall/user-access';

/** A place in a list that is ordered by the time of making, newest first. */
export interface TimePosition {
  /** `createTime` in ms since 1970. */
  readonly timeMs: number;
  /** In lower case. */
  readonly id: string;
}

/** The most bytes of what is listed in one answer: what fits into a message of 4 MiB with room for what stands around it. */
export const MAX_RESPONSE_BYTES = 3_900_000;

/** As many of these, from the first on, as surely fit into one answer; at least one. */
export function limitBySize<Row>(rows: readonly Row[], mostBytes: (row: Row) => number): readonly Row[] {
  let bytes = 0;
  const tooMany = rows.findIndex((each, i) => {
    bytes += mostBytes(each);
    return i > 0 && bytes > MAX_RESPONSE_BYTES;
  });
  return tooMany < 0 ? rows : rows.slice(0, tooMany);
}

// UTF-8 takes at most three for each unit of UTF-16.
const TEXT_BYTES = 3;
// Ids, times, states and the names of the fields of one message.
const FRAME_BYTES = 1000;

/** No fewer bytes than a message of bounded fields and these texts takes on the wire; quicker than to write it down and look. */
export function maxTextBytes(...texts: readonly string[]): number {
  return FRAME_BYTES + TEXT_BYTES * texts.reduce((sum, { length }) => sum + length, 0);
}

/** No fewer bytes than what is known of a user takes on the wire; undefined: nobody. */
export function maxUserBytes(known: ShownUser | undefined): number {
  if (!known || !('user' in known)) return 0;
  const { displayName, firstName, lastName, businessName, profileImage } = known.user;
  return maxTextBytes(displayName, firstName, lastName, businessName, profileImage);
}
