import { Buffer } from 'node:buffer';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { showValue } from '../show-value.ts';
import { withoutDeadline } from './call-deadline.ts';
import { markNotSent } from './call-errors.ts';

/**
 * Returns the service token of a client: a JWT, or any text without spaces. Never logged. One call serves all
 * waiting requests, outside of their deadlines. After 5 s without a token they fail, and the next request
 * calls it again.
 */
export type CallerToken = () => string | Promise<string>;

// Share of the lifetime after which the next token is fetched.
const RENEW_AT = 0.8;
// Pause between two attempts to fetch the next token while the current one is valid.
const RETRY_MS = 1_000;
// Longer than most callers wait, so that no caller loses its token to this limit; short enough that one fetch
// that hangs does not hold up all calls.
const FETCH_TIMEOUT_MS = 5_000;

// How far in their future services let a token begin. A larger step means that the clock of this machine went
// back, and services refuse the token.
const CLOCK_TOLERANCE_MS = 5_000;

interface CachedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly askedAtMs: number;
  /** A point of `performance.now()`, which no jump of the machine's clock moves. */
  readonly askedAtUptimeMs: number;
  /** Age in milliseconds from which the next token is fetched. */
  readonly renewAgeMs: number;
  readonly lifeMs: number;
}

/**
 * Sends a service token with every call. A JWT with an expiry is used for most of its lifetime, and the next
 * one is fetched in the background; any other token is fetched for each call. A token that the service
 * refuses is dropped.
 * @param now milliseconds since 1970
 * @throws ConnectError from the call, and `isCallNotSent` holds: UNAVAILABLE when no token can be fetched,
 * INVALID_ARGUMENT when the source gives no usable token
 */
export function withCallerToken(source: CallerToken, now: () => number = Date.now): Interceptor {
  let held: CachedToken | undefined;
  let fetching: Promise<CachedToken> | undefined;
  const fetch = () => {
    fetching ??= withoutDeadline(() => fetchToken(source, now))
      .then((fetched) => {
        held = fetched;
        return fetched;
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  };
  const current = async (): Promise<CachedToken> => {
    const ageMs = held && ageOf(held, now());
    if (!held || ageMs === undefined || ageMs >= held.lifeMs) return await fetch();
    if (ageMs >= held.renewAgeMs) {
      held = { ...held, renewAgeMs: ageMs + RETRY_MS };
      // The current token is valid: a failed renewal is reported once it is not.
      fetch().catch(() => {});
    }
    return held;
  };
  return (next) => async (request) => {
    const sent = await current();
    request.header.set('authorization', `Bearer ${sent.token}`);
    try {
      return await next(request);
    } catch (error) {
      const isRefused = error instanceof ConnectError && error.code === Code.Unauthenticated;
      if (isRefused && held?.token === sent.token) held = undefined;
      throw error;
    }
  };
}

/**
 * Age in milliseconds, by the clock that shows more. Undefined: the machine's clock went back, and the token
 * begins in the future.
 */
function ageOf({ askedAtMs, askedAtUptimeMs }: CachedToken, nowMs: number): number | undefined {
  if (nowMs < askedAtMs - CLOCK_TOLERANCE_MS) return undefined;
  return Math.max(nowMs - askedAtMs, performance.now() - askedAtUptimeMs);
}

async function fetchToken(source: CallerToken, now: () => number): Promise<CachedToken> {
  const askedAtMs = now();
  const askedAtUptimeMs = performance.now();
  let token: string;
  try {
    token = await withFetchTimeout(source());
  } catch (cause) {
    throw noTokenError(cause);
  }
  checkToken(token);
  const lifeMs = (expiryOf(token) ?? askedAtMs) - askedAtMs;
  return { token, askedAtMs, askedAtUptimeMs, lifeMs, renewAgeMs: lifeMs * RENEW_AT };
}

async function withFetchTimeout(token: string | Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error(`no token came within ${FETCH_TIMEOUT_MS} ms`));
    timer = setTimeout(giveUp, FETCH_TIMEOUT_MS).unref();
  });
  try {
    return await Promise.race([token, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function noTokenError(cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : showValue(cause);
  const message = `the caller has no service token, as callerToken failed: ${why}`;
  return markNotSent(new ConnectError(message, Code.Unavailable, undefined, undefined, cause));
}

/** @throws ConnectError INVALID_ARGUMENT, whose message leaves out the text, because it may be a token */
function checkToken(token: unknown): void {
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return;
  const fault =
    token === '' || typeof token !== 'string'
      ? `gave ${showValue(token)}`
      : `gave ${token.length} characters, some of which no header carries`;
  throw markNotSent(
    new ConnectError(`callerToken ${fault}; it must give text without spaces`, Code.InvalidArgument),
  );
}

/**
 * Expiry in milliseconds since 1970. Undefined: the token names none. Only the service verifies the token.
 */
function expiryOf(token: string): number | undefined {
  const [, payload] = token.split('.');
  try {
    const { exp } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
