import { type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import { getUser } from '../users/reading/get-user.ts';
import type { UserReads } from '../users/reading/user-reads.ts';
import { pageLimit } from './take-fitting.ts';

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
