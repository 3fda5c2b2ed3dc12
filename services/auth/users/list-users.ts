import type { User } from './user.ts';
import type { ListPosition, UserList, UserReads } from './user-reads.ts';

/** One page of a list. */
export interface UserPage {
  readonly users: readonly User[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** One page of users. */
export async function listUsers(reads: UserReads, list: UserList): Promise<UserPage> {
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const users = found.slice(0, list.limit);
  const last = users.at(-1);
  if (found.length <= list.limit || !last) return { users };
  return { users, next: positionOf(last, list) };
}

/** Where the list goes on behind a user. */
export function positionOf(user: User, { orderBy }: Pick<UserList, 'orderBy'>): ListPosition {
  return { timeMs: user[orderBy].getTime(), id: user.id };
}
