import { isIPv4, isIPv6 } from 'node:net';
import { emailKey } from '../users/user.ts';
import { tooManyAttempts } from './sign-in-error.ts';

/** What is limited: sign-ins of an address and of a source, mails to an address and from a source. */
export type ThrottleKind = 'ACCOUNT' | 'SOURCE' | 'MAIL' | 'MAIL_SOURCE';

/** How a limit grows: after the free attempts each waits twice as long as the one before, up to the most. */
interface ThrottleLimit {
  readonly free: number;
  readonly firstWaitMs: number;
  /** Nobody is kept out longer by one attempt: a limit slows guessing down, and locks nobody out for good. */
  readonly maxWaitMs: number;
  /** One attempt is forgotten in each such time, so that whoever many people sit behind is not held to last week's mistakes. */
  readonly forgetMs: number;
}

/** Our own choice, below the 100 guesses in a row of NIST SP 800-63B-4, section 3.2.2, at an hour's patience; a source serves many people. */
export const THROTTLE_LIMITS: Readonly<Record<ThrottleKind, ThrottleLimit>> = {
  ACCOUNT: { free: 5, firstWaitMs: 1000, maxWaitMs: 5 * 60_000, forgetMs: 30 * 60_000 },
  SOURCE: { free: 100, firstWaitMs: 1000, maxWaitMs: 15 * 60_000, forgetMs: 30_000 },
  MAIL: { free: 3, firstWaitMs: 60_000, maxWaitMs: 60 * 60_000, forgetMs: 60 * 60_000 },
  MAIL_SOURCE: { free: 50, firstWaitMs: 1000, maxWaitMs: 15 * 60_000, forgetMs: 30_000 },
};

/** Whose attempts: an address as it is compared, or an IP. */
export interface ThrottleKey {
  readonly tenantId: string;
  readonly kind: ThrottleKind;
  readonly key: string;
}

/** Counts attempts. A count is forgotten bit by bit, and as a whole a day after the last attempt. */
export interface Throttles {
  /**
   * Counts an attempt as failed before it is made, so that many at once are counted too. Answers 0, or how many ms there are
   * still to wait; then it was not counted, so that coming too early makes nothing worse.
   */
  take(key: ThrottleKey): Promise<number>;
  /** Takes one attempt back that was none. */
  refund(key: ThrottleKey): Promise<void>;
}

/** Counts an attempt. Throws SignInError TOO_MANY_ATTEMPTS. */
export async function requireAttempt(throttles: Throttles, key: ThrottleKey): Promise<void> {
  const waitMs = await throttles.take(key);
  if (waitMs > 0) throw tooManyAttempts(waitMs);
}

/** The throttle key of an address, also of one that no user can have. */
export function emailThrottleKey(email: string): string {
  return emailKey(email) ?? email.trim().toLowerCase();
}

/** What attempts from a machine are counted by: an IPv4 address, or the /64 that whoever has an IPv6 address has all of. */
export function sourceThrottleKey(source: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(source)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(source)) return source;
  const [head = '', tail] = source.split('%', 1).join('').split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const behind = groups(tail);
  const missing = tail === undefined ? 0 : 8 - groups(head).length - behind.length;
  const all = [...groups(head), ...Array<string>(Math.max(0, missing)).fill('0'), ...behind];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
