import type { User, UserRole } from '../users/user.ts';
import type { SignInContext } from './sign-in-context.ts';
import { accessTokenInvalid, sessionOver } from './sign-in-error.ts';
import type { AccessTokens } from './tokens/access-token.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

/**
 * How long a session lives, however often it is refreshed. ASVS 5, 7.3.2, asks for a limit; 30 days is our
 * own choice.
 */
export const SESSION_MS = 30 * 24 * 60 * 60_000;

/** How long a session lives without a refresh (ASVS 5, 7.3.1). */
export const SESSION_IDLE_MS = 7 * 24 * 60 * 60_000;

/** A session with its tokens, for the signed-in user. */
export interface OpenSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly accessTokenExpireTime: Date;
  readonly refreshToken: string;
  readonly sessionExpireTime: Date;
  readonly isEmailVerified: boolean;
}

/** A session that has no access token yet. */
export interface UnsignedSession {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly refreshToken: string;
  readonly expireTime: Date;
  readonly isEmailVerified: boolean;
}

/** Adds an access token to a session. */
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

/**
 * Finds the user of an access token, with contact data, and checks that the session is alive. For calls where
 * a revoked session must end at once; others trust the token until it expires.
 * @throws SignInError ACCESS_TOKEN_INVALID
 */
export async function requireSession(
  { reads, store, tokens }: SignInContext,
  accessToken: string,
): Promise<{ readonly user: User; readonly sessionId: string }> {
  const { tenantId, sessionId } = await tokens.verify(accessToken);
  const session = await store.findSession(tenantId, sessionId);
  const user = session && (await reads.find(tenantId, session.userId, 'BASIC'));
  if (!user) throw accessTokenInvalid();
  return { user, sessionId };
}

/**
 * Exchanges a refresh token for the next one. A used token ends its session: one of its two holders is a
 * thief. A failure leaves the token as it was.
 * @throws SignInError SESSION_OVER
 */
export async function refreshSession(
  { store, tokens, onReuse }: SignInContext,
  { tenantId, refreshToken }: { tenantId: string; refreshToken: string },
): Promise<OpenSession> {
  const next = makeSecretToken();
  const hashes = { used: hashToken(refreshToken), next: hashToken(next) };
  const outcome = await store.refresh(tenantId, hashes, async ({ id, ...session }) => {
    return await signSession(tokens, { ...session, tenantId, sessionId: id, refreshToken: next });
  });
  if (outcome.kind === 'REUSED') onReuse({ tenantId, sessionId: outcome.sessionId });
  if (outcome.kind !== 'REFRESHED') throw sessionOver();
  return outcome.answer;
}

/**
 * Ends the session of a refresh token, or all sessions of its user. The answer does not show whether there
 * was one.
 */
export async function signOut(
  { store }: SignInContext,
  { tenantId, refreshToken, everywhere }: { tenantId: string; refreshToken: string; everywhere: boolean },
): Promise<void> {
  await store.signOut(tenantId, hashToken(refreshToken), everywhere);
}
