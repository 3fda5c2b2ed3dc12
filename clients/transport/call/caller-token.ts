import { Buffer } from 'node:buffer';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { showValue } from '../show-value.ts';
import { withoutDeadline } from './call-deadline.ts';
import { markNotSent } from './call-errors.ts';

/**
 * Where a client takes its service token from: a JWT, or any other text without spaces. Never logged. Asked once for all calls
 * that wait, under no deadline of theirs; one that is not there after 5 s is given up, and asked for anew by the next call.
 */
export type CallerToken = () => string | Promise<string>;

// By the time that much of its life is over, the next one is fetched.
const RENEW_AT = 0.8;
// Between two attempts to fetch the next one, while the one in hand will do.
const RETRY_MS = 1_000;
// Longer than most callers wait, so that it costs none its token. One fetch that has hung must not hold up all calls for ever.
const FETCH_TIMEOUT_MS = 5_000;

// By how much services let a token begin in their future. Behind that the machine's clock went back, and they refuse it.
const CLOCK_TOLERANCE_MS = 5_000;

interface Held {
  readonly token: string;
  /** In ms since 1970. */
  readonly askedAtMs: number;
  /** The point of `performance.now()`, which no jump of the machine's clock moves. */
  readonly askedAtUptimeMs: number;
  /** Age in ms from which on the next one is fetched. */
  readonly renewAgeMs: number;
  readonly lifeMs: number;
}

/**
 * Sends a service token with every call. One that says when it expires (a JWT) is used until most of its life is over, and the next
 * is fetched beside the calls; any other is asked for anew each time. One that the service refuses is dropped.
 * A call fails with UNAVAILABLE where no token is to be had, and with INVALID_ARGUMENT where what is had is none: `isCallNotSent`.
 * @param now in ms since 1970.
 */
export function withCallerToken(source: CallerToken, now: () => number = Date.now): Interceptor {
  let held: Held | undefined;
  let fetching: Promise<Held> | undefined;
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
  const current = async (): Promise<Held> => {
    const ageMs = held && ageOf(held, now());
    if (!held || ageMs === undefined || ageMs >= held.lifeMs) return await fetch();
    if (ageMs >= held.renewAgeMs) {
      held = { ...held, renewAgeMs: ageMs + RETRY_MS };
      // The one in hand is good; that there is no other is told when it no longer is.
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

/** In ms, by the clock that says more. Undefined: the machine's clock went back, and the token begins in the future. */
function ageOf({ askedAtMs, askedAtUptimeMs }: Held, nowMs: number): number | undefined {
  if (nowMs < askedAtMs - CLOCK_TOLERANCE_MS) return undefined;
  return Math.max(nowMs - askedAtMs, performance.now() - askedAtUptimeMs);
}

async function fetchToken(source: CallerToken, now: () => number): Promise<Held> {
  const askedAtMs = now();
  const askedAtUptimeMs = performance.now();
  let token: string;
  try {
    token = await inTime(source());
  } catch (cause) {
    throw failedWith(cause);
  }
  checkToken(token);
  const lifeMs = (expiryOf(token) ?? askedAtMs) - askedAtMs;
  return { token, askedAtMs, askedAtUptimeMs, lifeMs, renewAgeMs: lifeMs * RENEW_AT };
}

async function inTime(token: string | Promise<string>): Promise<string> {
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

function failedWith(cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : showValue(cause);
  const message = `the caller has no service token, as callerToken failed: ${why}`;
  return markNotSent(new ConnectError(message, Code.Unavailable, undefined, undefined, cause));
}

/** Whatever text it is stays untold: most of it may be a token. */
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

/** In ms since 1970; undefined where the token does not say. Who made it is the service's to look at. */
function expiryOf(token: string): number | undefined {
  const [, payload] = token.split('.');
  try {
    const { exp } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
