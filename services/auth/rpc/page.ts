import { type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import { getUser } from '../users/reading/get-users.ts';
import type { UserReads } from '../users/reading/user-reads.ts';

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
 * @param maxEncodedBytes the most that one can take.
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
 * A page of what was read, and the last of it where more is there: behind that the next page begins.
 * @param found one more than `limit`, where there are as many.
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

/** What every request for a page of what one user has, has. */
export interface UserPageRequest {
  readonly tenantId: string;
  readonly id: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Which part of what one user has is asked for, and what makes the token of the part behind it. */
export interface UserPage<Position> {
  /** Who has it; after a merge the one that survived. */
  readonly owner: { readonly tenantId: string; readonly userId: string };
  /** Absent: the first page. */
  readonly position: Position | undefined;
  readonly limit: number;
  readonly tokens: PageTokens<Position>;
}

/** The page that is asked for. Throws RpcError PAGE_TOKEN_INVALID, UserError USER_NOT_FOUND. */
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
