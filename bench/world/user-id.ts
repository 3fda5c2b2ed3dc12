/** The id of the n-th user of a benchmark, from 1: a UUID of version 7 that the database can make as well. */
export function userIdAt(n: number): string {
  return `${USER_ID_PREFIX}${n.toString(16).padStart(12, '0')}`;
}

/** The ids of users `first` to `last`. */
export function userIds(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => userIdAt(first + i));
}

/** What every such id begins with; twelve hexadecimal digits follow. */
export const USER_ID_PREFIX = '01900000-0000-7000-8000-';
