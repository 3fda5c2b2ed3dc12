import { createHash } from 'node:crypto';
import { isMomentMs } from '@rollcall/contract/request-content';
import { runtimeError } from '../errors.ts';
import { isUuid } from './field-faults.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** Fields that every request for a page has. */
export interface PageRequest {
  readonly tenantId: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** The page that a request asks for, and the tokens of further pages. */
export interface RequestedPage<Position> {
  readonly page: { readonly tenantId: string; readonly limit: number; readonly after?: Position };
  readonly tokens: PageTokens<Position>;
}

/**
 * Reads the page of a list that is ordered by time.
 * @param asked the method's name, then every other field that must stay the same from page to page
 * @throws RpcError PAGE_TOKEN_INVALID
 */
export function pageFromRequest(
  request: PageRequest,
  asked: readonly unknown[],
): RequestedPage<TimePosition> {
  return pageByPosition(request, asked, isTimePosition);
}

/**
 * Reads the page of a list in any other order.
 * @throws RpcError PAGE_TOKEN_INVALID
 */
export function pageByPosition<Position>(
  { tenantId, pageSize, pageToken }: PageRequest,
  [method, ...fields]: readonly unknown[],
  isPosition: (value: unknown) => value is Position,
): RequestedPage<Position> {
  const tokens = pageTokens([method, tenantId, ...fields], isPosition);
  const after = tokens.read(pageToken);
  const limit = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  return { page: { tenantId, limit, ...(after !== undefined && { after }) }, tokens };
}

/**
 * Writes and reads page tokens. A token is opaque, and valid for the method and the request that it was made
 * for. It holds a position, no secret, and grants nothing.
 */
export interface PageTokens<P> {
  /** Writes the token of a position. */
  write(position: P): string;
  /**
   * Reads the position of a token. Undefined for the empty token of a first page.
   * @throws RpcError PAGE_TOKEN_INVALID
   */
  read(token: string): P | undefined;
}

/**
 * Creates the page tokens of one request.
 * @param request the method's name, then every field that must stay the same from page to page
 */
export function pageTokens<P>(
  request: readonly unknown[],
  isPosition: (value: unknown) => value is P,
): PageTokens<P> {
  const tie = createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 12);
  return {
    write: (position) => Buffer.from(JSON.stringify([tie, position])).toString('base64url'),
    read: (token) => (token === '' ? undefined : parse(token, tie, isPosition)),
  };
}

function parse<P>(token: string, tie: string, isPosition: (value: unknown) => value is P): P {
  try {
    const [written, position] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (written === tie && isPosition(position)) return position;
  } catch {
    // A malformed token is refused below.
  }
  const description =
    'is not a token of this request: begin again without one, or repeat the other fields unchanged';
  throw runtimeError('PAGE_TOKEN_INVALID', `page_token ${description}.`, {
    violations: [{ field: 'page_token', description }],
  });
}

/** A position in a list that is ordered by time, then by id. */
export interface TimePosition {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** UUID in lower case. */
  readonly id: string;
}

/** Whether a database can compare with the position: callers can forge tokens. */
export function isTimePosition(value: unknown): value is TimePosition {
  const { timeMs, id } = (value ?? {}) as Partial<TimePosition>;
  return isMomentMs(timeMs) && typeof id === 'string' && isUuid(id);
}
