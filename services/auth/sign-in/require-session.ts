import type { User } from '../users/user.ts';
import type { People } from './sign-in-context.ts';
import { accessTokenInvalid } from './sign-in-error.ts';

/**
 * The user whom an access token speaks for, with contact data, while its session is alive: for what is worth a look.
 * @throws PeopleError ACCESS_TOKEN_INVALID
 */
export async function requireSession(
  { reads, store, tokens }: People,
  accessToken: string,
): Promise<{ readonly user: User; readonly sessionId: string }> {
  const { tenantId, sessionId } = await tokens.verify(accessToken);
  const session = await store.findSession(tenantId, sessionId);
  const user = session && (await reads.find(tenantId, session.userId, 'BASIC'));
  if (!user) throw accessTokenInvalid();
  return { user, sessionId };
}
