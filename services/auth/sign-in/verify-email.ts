import { v7 as uuidv7 } from 'uuid';
import type { People } from './sign-in-context.ts';
import { mailTokenInvalid } from './sign-in-error.ts';
import { hashToken } from './tokens/secret-token.ts';

/**
 * Takes the address that a token was sent to as verified, and makes the user of a registration. Answers the user's id.
 * @throws PeopleError MAIL_TOKEN_INVALID
 */
export async function verifyEmail(
  { reads, store }: People,
  { tenantId, token }: { tenantId: string; token: string },
): Promise<string> {
  const hash = hashToken(token);
  const found = await store.findMailToken(tenantId, hash, ['REGISTER', 'VERIFY_EMAIL']);
  if (!found) throw mailTokenInvalid();
  const id = found.userId ?? uuidv7();
  if (found.purpose === 'REGISTER') {
    if (!(await store.completeRegistration(tenantId, hash, id))) throw mailTokenInvalid();
    return id;
  }
  const user = await reads.find(tenantId, id, 'BASIC');
  const email = user?.contact?.email ?? '';
  if (user?.state !== 'ACTIVE' || !(await store.verifyEmail(tenantId, hash, { id, email }))) {
    throw mailTokenInvalid();
  }
  return id;
}
