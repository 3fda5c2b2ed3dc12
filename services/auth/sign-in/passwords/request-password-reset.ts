import { create } from '@bufbuild/protobuf';
import { UserSchema } from '@rollcall/contract/user';
import { fieldRuleFault } from '@rollcall/runtime/rpc';
import { nobodyToResetMail, passwordResetMail } from '../mail/mail-texts.ts';
import { attemptKey, findByEmail, type People } from '../sign-in-context.ts';
import type { MailOrder } from '../sign-in-store.ts';
import { requireTurn, sourceKey } from '../throttle.ts';
import { hashToken, makeSecretToken } from '../tokens/secret-token.ts';

/** How long a password may be chosen: it stands in a mailbox, and is worth the account. */
export const RESET_MS = 60 * 60_000;

/**
 * Sends a mail to an address: with a token where a user has it who may sign in, else one that says so, to whoever reads it there.
 * An address that no user may have gets none: it may be several, or of the machine that sends.
 * @throws PeopleError TOO_MANY_ATTEMPTS (of the source)
 */
export async function requestPasswordReset(
  { reads, store, throttles }: People,
  { tenantId, email, source }: { tenantId: string; email: string; source: string },
): Promise<void> {
  await requireTurn(throttles, { tenantId, kind: 'MAIL_SOURCE', key: sourceKey(source) });
  const isTooMuch = (await throttles.take({ tenantId, kind: 'MAIL', key: attemptKey(email) })) > 0;
  const user = await findByEmail(reads, tenantId, email);
  // Too many mails for one address: said to nobody, because that would tell of those before.
  if (isTooMuch) return;
  const to = email.trim();
  if (!user && fieldRuleFault(UserSchema, create(UserSchema, { email: to }))) return;
  const userId = user?.state === 'ACTIVE' ? user.id : undefined;
  await store.queueMail(
    userId === undefined ? { tenantId, mail: nobodyToResetMail(to) } : resetOrder(tenantId, userId, to),
  );
}

function resetOrder(tenantId: string, userId: string, to: string): MailOrder {
  const token = makeSecretToken();
  return {
    tenantId,
    userId,
    mail: passwordResetMail(to, token),
    token: { purpose: 'RESET_PASSWORD', hash: hashToken(token), lifetimeMs: RESET_MS },
  };
}
