import { isIPv4, isIPv6 } from 'node:net';
import { emailKey } from '../users/user.ts';
import { tooManyAttempts } from './sign-in-error.ts';

/**
 * The limits: sign-ins by address and by source, mails by address and by source. The database stores these
 * names.
 */
export type ThrottleKind = 'ACCOUNT' | 'SOURCE' | 'MAIL' | 'MAIL_SOURCE';

/** How a limit grows: after the free attempts, each wait is twice as long as the one before. */
interface ThrottleLimit {
  readonly free: number;
  readonly firstWaitMs: number;
  /** Longest wait. A limit slows guessing down, and locks no user out for good. */
  readonly maxWaitMs: number;
  /** One counted attempt is removed per period, so that people behind one address do not add up. */
  readonly forgetMs: number;
}

/**
 * Our own choice. At an hour's patience below the 100 guesses in a row of NIST SP 800-63B-4, section 3.2.2. A
 * source serves many people.
 */
export const THROTTLE_LIMITS: Readonly<Record<ThrottleKind, ThrottleLimit>> = {
  ACCOUNT: { free: 5, firstWaitMs: 1000, maxWaitMs: 5 * 60_000, forgetMs: 30 * 60_000 },
  SOURCE: { free: 100, firstWaitMs: 1000, maxWaitMs: 15 * 60_000, forgetMs: 30_000 },
  MAIL: { free: 3, firstWaitMs: 60_000, maxWaitMs: 60 * 60_000, forgetMs: 60 * 60_000 },
  MAIL_SOURCE: { free: 50, firstWaitMs: 1000, maxWaitMs: 15 * 60_000, forgetMs: 30_000 },
};

/** The key that counts attempts: an address in its compared form, or an IP address. */
export interface ThrottleKey {
  readonly tenantId: string;
  readonly kind: ThrottleKind;
  readonly key: string;
}

/** Counts attempts. Attempts expire one by one, and all of them a day after the last one. */
export interface Throttles {
  /**
   * Counts an attempt as failed before it is made, so that concurrent attempts count too. Answers 0, or the
   * milliseconds still to wait. An attempt that has to wait is not counted: coming too early makes nothing
   * worse.
   */
  take(key: ThrottleKey): Promise<number>;
  /** Takes back an attempt that was counted and not made. */
  refund(key: ThrottleKey): Promise<void>;
}

/**
 * Counts an attempt.
 * @throws SignInError TOO_MANY_ATTEMPTS
 */
export async function requireAttempt(throttles: Throttles, key: ThrottleKey): Promise<void> {
  const waitMs = await throttles.take(key);
  if (waitMs > 0) throw tooManyAttempts(waitMs);
}

/** The throttle key of an address, also of one that no user can have. */
export function emailThrottleKey(email: string): string {
  return emailKey(email) ?? email.trim().toLowerCase();
}

/**
 * The throttle key of a machine: an IPv4 address, or the /64 network of an IPv6 address, which its holder has
 * whole.
 */
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
