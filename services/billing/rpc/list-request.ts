import { isTimePosition, type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import type { TimePosition } from '../page.ts';
import type { EventPosition } from '../payments/payment-reads.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** What every request for a page has. */
export interface PageRequest {
  readonly tenantId: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Which part of a list is asked for, and what makes the token of the part behind it. */
export interface PageAsked<Position> {
  readonly limit: number;
  /** Absent: the first page. */
  readonly after?: Position;
  readonly tokens: PageTokens<Position>;
}

/**
 * The page that is asked for of a list that is ordered by a time. Throws RpcError PAGE_TOKEN_INVALID.
 * @param method its name, and with it every other field that must stay the same from page to page
 */
export function timePageFrom(request: PageRequest, method: readonly unknown[]): PageAsked<TimePosition> {
  return pageFrom(request, method, isTimePosition);
}

/** The same of a list that is ordered by code. */
export function codePageFrom(request: PageRequest, method: readonly unknown[]): PageAsked<string> {
  return pageFrom(request, method, isCode);
}

/** The same of what Stripe told of a payment, which is ordered by time and then by Stripe's id. */
export function eventPageFrom(request: PageRequest, method: readonly unknown[]): PageAsked<EventPosition> {
  return pageFrom(request, method, isEventPosition);
}

function pageFrom<Position>(
  { tenantId, pageSize, pageToken }: PageRequest,
  [name, ...fields]: readonly unknown[],
  isPosition: (value: unknown) => value is Position,
): PageAsked<Position> {
  const tokens = pageTokens([name, tenantId, ...fields], isPosition);
  const after = tokens.read(pageToken);
  const limit = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  return { limit, tokens, ...(after !== undefined && { after }) };
}

// Anybody can write a token that looks like ours.
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9][a-z0-9_-]{0,62}$/.test(value);
}

function isEventPosition(value: unknown): value is EventPosition {
  const { timeMs, id } = (value ?? {}) as Partial<EventPosition>;
  const isTime = Number.isInteger(timeMs) && Number(timeMs) >= 0 && Number(timeMs) < END_OF_TIME_MS;
  return isTime && typeof id === 'string' && /^[A-Za-z0-9_]{1,255}$/.test(id);
}

const END_OF_TIME_MS = Date.UTC(10_000, 0);
