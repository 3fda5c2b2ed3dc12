import { createHash } from 'node:crypto';
import { isMomentMs } from '@rollcall/contract/request-content';
import { runtimeError } from '../errors.ts';
import { isUuid } from './field-faults.ts';

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

/**
 * Makes and reads page tokens: opaque to the caller, good only for the method and the request that they were made for.
 * They hold a position and no secret, and grant nothing that the request itself is not granted.
 */
export interface PageTokens<P> {
  /** The token of a position. */
  write(position: P): string;
  /** The position of a token; undefined for the empty token of a first page. Throws RpcError PAGE_TOKEN_INVALID. */
  read(token: string): P | undefined;
}

/**
 * Page tokens for one request.
 * @param request every field that must stay the same from page to page, the method's name first.
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
    // Not one of ours; told below like any other that does not fit.
  }
  const description =
    'is not a token of this request: begin again without one, or repeat the other fields unchanged';
  throw runtimeError('PAGE_TOKEN_INVALID', `page_token ${description}.`, {
    violations: [{ field: 'page_token', description }],
  });
}

/** A place in a list that is ordered by a time and then by id. */
export interface TimePosition {
  /** In ms since 1970. */
  readonly timeMs: number;
  /** UUID in lower case. */
  readonly id: string;
}

/** Whether a database can compare with it: anybody can write a token that looks like ours. */
export function isTimePosition(value: unknown): value is TimePosition {
  const { timeMs, id } = (value ?? {}) as Partial<TimePosition>;
  return isMomentMs(timeMs) && typeof id === 'string' && isUuid(id);
}
