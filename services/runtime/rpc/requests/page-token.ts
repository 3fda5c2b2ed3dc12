import { createHash } from 'node:crypto';
import { isMomentMs } from '@rollcall/contract/request-content';
import { runtimeError } from '../reasons.ts';
import { isUuid } from './field-faults.ts';

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
