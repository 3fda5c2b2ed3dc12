import { isTimePosition, type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import type { TimePosition } from '../answers/time-position.ts';
import { pageLimit } from './page-limit.ts';

/** What requests for lists have in common. */
export interface ListRequest {
  readonly tenantId: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** What a list that is ordered by the time of making is asked for with. */
export interface TimeList {
  readonly tenantId: string;
  readonly limit: number;
  readonly after?: TimePosition;
}

/**
 * The common part of a request for a list.
 * @param filter every other field that must stay the same from page to page
 * @throws RpcError PAGE_TOKEN_INVALID
 */
export function timeListFrom(
  method: string,
  { tenantId, pageSize, pageToken }: ListRequest,
  filter: object,
): { list: TimeList; tokens: PageTokens<TimePosition> } {
  const tokens = pageTokens([method, tenantId, filter], isTimePosition);
  const after = tokens.read(pageToken);
  return { list: { tenantId, limit: pageLimit(pageSize), ...(after && { after }) }, tokens };
}
