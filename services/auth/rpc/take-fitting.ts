// What fits into a message of 4 MiB, with room for what stands around.
const MAX_ANSWER_BYTES = 4_000_000;

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

/** How many to answer at most. */
export function pageLimit({ pageSize }: { pageSize: number }): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/**
 * As many of these, from the first on, as fit into one answer in either form; at least one.
 * @param mostBytes the most that one can take.
 */
export function takeFitting<T>(all: readonly T[], mostBytes: (each: T) => number): T[] {
  let bytes = 0;
  const tooMany = all.findIndex((each, i) => {
    bytes += mostBytes(each);
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? [...all] : all.slice(0, tooMany);
}

/**
 * A page of what was read, and the last of it where more is there: behind that the next page begins.
 * @param found one more than `limit`, where there are as many.
 */
export function cutPage<T>(
  found: readonly T[],
  limit: number,
  mostBytes: (each: T) => number,
): { page: T[]; last?: T } {
  const page = takeFitting(found.slice(0, limit), mostBytes);
  const last = page.at(-1);
  return page.length < found.length && last !== undefined ? { page, last } : { page };
}
