const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** How many a page holds at most: as many as asked for, 50 where nothing is said, never more than 500. */
export function pageLimit(pageSize: number): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}
