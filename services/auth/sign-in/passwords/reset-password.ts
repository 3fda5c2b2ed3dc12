import { passwordChangedMail } from '../mail/mail-texts.ts';
import type { People } from '../sign-in-context.ts';
import { mailTokenInvalid } from '../sign-in-error.ts';
import { hashToken } from '../tokens/secret-token.ts';
import { requireGoodPassword } from './password-rules.ts';

/**
 * Gives the user of a token another password, or a first one, and ends all sessions. Whoever reads the mailbox has the address,
 * so it is verified by that.
 * @throws PeopleError MAIL_TOKEN_INVALID, PASSWORD_TOO_COMMON, OVERLOADED
 */
export async function resetPassword(
  { reads, store, hasher }: People,
  { tenantId, token, newPassword }: { tenantId: string; token: string; newPassword: string },
): Promise<void> {
  const tokenHash = hashToken(token);
  // Looked up first: hashing is dear, and anybody can make up tokens.
  const found = await store.findMailToken(tenantId, tokenHash, ['RESET_PASSWORD']);
  const user = found?.userId === undefined ? undefined : await reads.find(tenantId, found.userId, 'BASIC');
  const email = user?.contact?.email ?? '';
  if (user?.state !== 'ACTIVE' || email === '') throw mailTokenInvalid();
  requireGoodPassword(newPassword, email);
  const passwordHash = await hasher.hash(newPassword);
  const change = {
    tenantId,
    userId: user.id,
    passwordHash,
    mail: passwordChangedMail(email),
    tokenHash,
    email,
  };
  if (!(await store.resetPassword(change))) throw mailTokenInvalid();
}
