import { type OpenSession, signSession } from './session.ts';
import type { People } from './sign-in-context.ts';
import { sessionOver } from './sign-in-error.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

/**
 * Takes a refresh token and answers the next. One that was used before ends the session: either of its two holders is a thief.
 * A failure leaves the token as it was.
 * @throws PeopleError SESSION_OVER
 */
export async function refreshSession(
  { store, tokens, onReuse }: People,
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
