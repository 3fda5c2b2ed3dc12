import type { ListPosition } from '../page.ts';

/** Where a page begins, as the first values behind the tenant: time and id of the row before it. */
export function boundsOf(after: ListPosition | undefined): [Date | string, string] {
  return after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
}

// Where the first page begins, so that it needs no statement of its own.
const BEFORE_ALL: [string, string] = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
