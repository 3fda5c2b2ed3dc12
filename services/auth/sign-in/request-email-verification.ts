import { verificationMail } from './mail/mail-texts.ts';
import { VERIFICATION_MS } from './register.ts';
import { requireSession } from './require-session.ts';
import type { People } from './sign-in-context.ts';
import { attemptKey } from './sign-in-context.ts';
import { requireTurn } from './throttle.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

/**
 * Sends a signed-in user a token for the address. False: it is verified, or there is none.
 * @throws PeopleError ACCESS_TOKEN_INVALID, TOO_MANY_ATTEMPTS
 */
export async function requestEmailVerification(
  people: People,
  { accessToken }: { accessToken: string },
): Promise<boolean> {
  const { store, throttles } = people;
  const { user } = await requireSession(people, accessToken);
  const { tenantId, id: userId } = user;
  const email = user.contact?.email ?? '';
  if (email === '' || (await store.findAccess(tenantId, user)).isEmailVerified) return false;
  await requireTurn(throttles, { tenantId, kind: 'MAIL', key: attemptKey(email) });
  const token = makeSecretToken();
  await store.queueMail({
    tenantId,
    userId,
    mail: verificationMail(email, token),
    token: { purpose: 'VERIFY_EMAIL', hash: hashToken(token), lifetimeMs: VERIFICATION_MS },
  });
  return true;
}
