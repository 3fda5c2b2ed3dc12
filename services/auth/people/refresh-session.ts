import type { People } from './people.ts';
import { sessionOver } from './people-error.ts';
import { hashToken, makeSecretToken } from './secret-token.ts';
import { type OpenSession, signSession } from './session.ts';

/**
 * Takes a refresh token and answers the next. One that was used before ends the session: either of its two holders is a thief.
 * @throws PeopleError SESSION_OVER
 */
export async function refreshSession(
  { reads, store, tokens, onReuse }: People,
  { tenantId, refreshToken }: { tenantId: string; refreshToken: string },
): Promise<OpenSession> {
  const next = makeSecretToken();
  const outcome = await store.refresh(tenantId, { used: hashToken(refreshToken), next: hashToken(next) });
  if (outcome.kind === 'REUSED') onReuse({ tenantId, sessionId: outcome.sessionId });
  if (outcome.kind !== 'REFRESHED') throw sessionOver();
  const { id, userId, role, expireTime } = outcome.session;
  const user = await reads.find(tenantId, userId, 'BASIC');
  const { isEmailVerified } = await store.findAccess(tenantId, user);
  return await signSession(tokens, {
    tenantId,
    sessionId: id,
    userId,
    role,
    refreshToken: next,
    expireTime,
    isEmailVerified,
  });
}
