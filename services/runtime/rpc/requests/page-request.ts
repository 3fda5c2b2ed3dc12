import { isTimePosition, type PageTokens, pageTokens, type TimePosition } from './page-token.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** What every request for a page of a list has. */
export interface PageRequest {
  readonly tenantId: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Which part of a list is asked for, and what makes the token of the part behind it. */
export interface AskedPage<Position> {
  readonly page: { readonly tenantId: string; readonly limit: number; readonly after?: Position };
  readonly tokens: PageTokens<Position>;
}

/**
 * The page that is asked for of a list that is ordered by a time. Throws RpcError PAGE_TOKEN_INVALID.
 * @param asked the method's name, and with it every other field that must stay the same from page to page
 */
export function pageFromRequest(request: PageRequest, asked: readonly unknown[]): AskedPage<TimePosition> {
  return pageByPosition(request, asked, isTimePosition);
}

/** The same of a list that is ordered by something else. */
export function pageByPosition<Position>(
  { tenantId, pageSize, pageToken }: PageRequest,
  [method, ...fields]: readonly unknown[],
  isPosition: (value: unknown) => value is Position,
): AskedPage<Position> {
  const tokens = pageTokens([method, tenantId, ...fields], isPosition);
  const after = tokens.read(pageToken);
  const limit = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  return { page: { tenantId, limit, ...(after !== undefined && { after }) }, tokens };
}
