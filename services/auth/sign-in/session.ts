import type { UserRole } from '../users/user.ts';
import type { AccessTokens } from './tokens/access-token.ts';

/** How long a session lives, however often it is refreshed. OWASP ASVS 5, 7.3.2, wants a bound; the length is our own choice. */
export const SESSION_MS = 30 * 24 * 60 * 60_000;

/** How long a session lives without being refreshed (ASVS 5, 7.3.1). */
export const IDLE_MS = 7 * 24 * 60 * 60_000;

/** A session as its owner gets it. */
export interface OpenSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly accessTokenExpireTime: Date;
  readonly refreshToken: string;
  readonly sessionExpireTime: Date;
  readonly isEmailVerified: boolean;
}

/** A session without its access token. */
export interface UnsignedSession {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly refreshToken: string;
  readonly expireTime: Date;
  readonly isEmailVerified: boolean;
}

/** Adds the access token. */
export async function signSession(tokens: AccessTokens, session: UnsignedSession): Promise<OpenSession> {
  const { sessionId, userId, refreshToken, expireTime, isEmailVerified } = session;
  const { token, expireTime: accessTokenExpireTime } = await tokens.sign(session);
  return {
    sessionId,
    userId,
    accessToken: token,
    accessTokenExpireTime,
    refreshToken,
    sessionExpireTime: expireTime,
    isEmailVerified,
  };
}
