import type { ListedUser, ListPosition, UserList, UserReads } from './user-reads.ts';

/** One page of a list. */
export interface UserPage {
  readonly listed: readonly ListedUser[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** One page of users. */
export async function listUsers(reads: UserReads, list: UserList): Promise<UserPage> {
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const listed = found.slice(0, list.limit);
  const last = listed.at(-1);
  if (found.length <= list.limit || !last) return { listed };
  return { listed, next: last.position };
}
