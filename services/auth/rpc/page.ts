// Pages of lists: their size, their limit in bytes, and the page of one user's records.
import { type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import { getUser } from '../users/reading/get-users.ts';
import type { UserReads } from '../users/reading/user-reads.ts';

// A message of 4 MiB, with room for the fields around.
const MAX_ANSWER_BYTES = 4_000_000;

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

/** The page size to use. */
export function pageLimit({ pageSize }: { pageSize: number }): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/**
 * The first items that fit into one answer in either encoding; at least one.
 * @param maxEncodedBytes upper bound for the size of one item.
 */
export function limitBySize<T>(all: readonly T[], maxEncodedBytes: (each: T) => number): T[] {
  let bytes = 0;
  const tooMany = all.findIndex((each, i) => {
    bytes += maxEncodedBytes(each);
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? [...all] : all.slice(0, tooMany);
}

/**
 * Cuts a page. `last` is the item after which the next page begins, present if there are more.
 * @param found one more than `limit`, if there are as many.
 */
export function toPage<T>(
  found: readonly T[],
  limit: number,
  maxEncodedBytes: (each: T) => number,
): { page: T[]; last?: T } {
  const page = limitBySize(found.slice(0, limit), maxEncodedBytes);
  const last = page.at(-1);
  return page.length < found.length && last !== undefined ? { page, last } : { page };
}

/** The common fields of requests for a page of one user's records. */
interface UserPageRequest {
  readonly tenantId: string;
  readonly id: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A requested page of one user's records. */
interface UserPage<Position> {
  /** The user that owns the records: after a merge the survivor. */
  readonly owner: { readonly tenantId: string; readonly userId: string };
  /** Absent: the first page. */
  readonly position: Position | undefined;
  readonly limit: number;
  readonly tokens: PageTokens<Position>;
}

/**
 * Reads the page that a request asks for.
 * @throws RpcError PAGE_TOKEN_INVALID.
 * @throws UserError USER_NOT_FOUND.
 */
export async function userPageFrom<Position>(
  reads: UserReads,
  request: UserPageRequest,
  list: { method: string; isPosition: (value: unknown) => value is Position },
): Promise<UserPage<Position>> {
  const { tenantId } = request;
  const id = request.id.toLowerCase();
  const tokens = pageTokens([list.method, tenantId, id], list.isPosition);
  const position = tokens.read(request.pageToken);
  const user = await getUser(reads, { tenantId, id, view: 'REFERENCE', minVersion: 0n });
  return { owner: { tenantId, userId: user.id }, position, limit: pageLimit(request), tokens };
}
