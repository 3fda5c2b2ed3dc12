import { create } from '@bufbuild/protobuf';
import { UserSchema } from '@rollcall/contract/user';
import { fieldRuleFault } from '@rollcall/runtime/rpc';
import { noAccountMail, passwordChangedMail, passwordResetMail } from '../mail/mail.ts';
import { requireSession } from '../session.ts';
import { findByEmail, type SignInContext } from '../sign-in-context.ts';
import { credentialsWrong, mailTokenInvalid } from '../sign-in-error.ts';
import type { MailOrder } from '../sign-in-store.ts';
import { emailThrottleKey, requireAttempt, sourceThrottleKey } from '../throttle.ts';
import { hashToken, makeSecretToken } from '../tokens/secret-token.ts';
import { requireGoodPassword } from './password-rules.ts';

interface ChangePasswordCommand {
  readonly accessToken: string;
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly source: string;
}

/**
 * Gives a signed-in user another password and ends all other sessions.
 * @throws SignInError ACCESS_TOKEN_INVALID, CREDENTIALS_WRONG, PASSWORD_TOO_COMMON, TOO_MANY_ATTEMPTS,
 * OVERLOADED
 */
export async function changePassword(context: SignInContext, command: ChangePasswordCommand): Promise<void> {
  const { store, throttles, hasher } = context;
  const { user, sessionId } = await requireSession(context, command.accessToken);
  const { tenantId, id: userId } = user;
  const email = user.contact?.email ?? '';
  requireGoodPassword(command.newPassword, email);
  // The holder of a stolen session must not guess faster than at SignIn.
  const key = emailThrottleKey(email) || userId;
  await requireAttempt(throttles, { tenantId, kind: 'ACCOUNT', key });
  const { passwordHash: from } = await store.findAccess(tenantId, user);
  const { matches } = await hasher.verify(from, command.currentPassword);
  if (from === undefined || !matches) {
    await store.recordFailure({ tenantId, userId, outcome: 'WRONG_PASSWORD', source: command.source });
    throw credentialsWrong();
  }
  const passwordHash = await hasher.hash(command.newPassword);
  const mail = email === '' ? {} : { mail: passwordChangedMail(email) };
  const change = { tenantId, userId, passwordHash, from, keepSessionId: sessionId, email: key, ...mail };
  if (!(await store.changePassword(change))) throw credentialsWrong();
}

/** How long a reset token is valid. Short, because it lies in a mailbox and opens the account. */
export const RESET_MS = 60 * 60_000;

/**
 * Sends a mail to an address: with a token when its user may sign in, otherwise one that says there is no
 * account. An address that no user may have gets no mail: it may be several addresses, or one of the sending
 * machine.
 * @throws SignInError TOO_MANY_ATTEMPTS when the source asks too often
 */
export async function requestPasswordReset(
  { reads, store, throttles }: SignInContext,
  { tenantId, email, source }: { tenantId: string; email: string; source: string },
): Promise<void> {
  await requireAttempt(throttles, { tenantId, kind: 'MAIL_SOURCE', key: sourceThrottleKey(source) });
  const isTooMuch = (await throttles.take({ tenantId, kind: 'MAIL', key: emailThrottleKey(email) })) > 0;
  const user = await findByEmail(reads, tenantId, email);
  // Too many mails to one address are dropped silently: an error would show that there were earlier ones.
  if (isTooMuch) return;
  const to = email.trim();
  if (!user && fieldRuleFault(UserSchema, create(UserSchema, { email: to }))) return;
  const userId = user?.state === 'ACTIVE' ? user.id : undefined;
  await store.queueMail(
    userId === undefined ? { tenantId, mail: noAccountMail(to) } : resetOrder(tenantId, userId, to),
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

/**
 * Sets the password of the user of a token, and ends all sessions. The token came by mail, so this verifies
 * the address.
 * @throws SignInError MAIL_TOKEN_INVALID, PASSWORD_TOO_COMMON, OVERLOADED
 */
export async function resetPassword(
  { reads, store, hasher }: SignInContext,
  { tenantId, token, newPassword }: { tenantId: string; token: string; newPassword: string },
): Promise<void> {
  const tokenHash = hashToken(token);
  // Before hashing, which is expensive: callers can invent tokens.
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
