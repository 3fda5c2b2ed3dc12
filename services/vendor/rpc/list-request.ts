import { isTimePosition, type PageTokens, pageTokens, type TimePosition } from '@rollcall/runtime/rpc';
import type { ListPosition } from '../page.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** What every request for a page has. */
export interface PageRequest {
  readonly tenantId: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Which part of a list is asked for, and what makes the token of the part behind it. */
export interface AskedPage {
  readonly page: { readonly tenantId: string; readonly limit: number; readonly after?: ListPosition };
  readonly tokens: PageTokens<TimePosition>;
}

/**
 * The page that is asked for. Throws RpcError PAGE_TOKEN_INVALID.
 * @param method its name, and with it every other field that must stay the same from page to page
 */
export function pageFromRequest(
  { tenantId, pageSize, pageToken }: PageRequest,
  [name, ...fields]: readonly unknown[],
): AskedPage {
  const tokens = pageTokens([name, tenantId, ...fields], isTimePosition);
  const after = tokens.read(pageToken);
  const limit = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  return { page: { tenantId, limit, ...(after && { after }) }, tokens };
}
