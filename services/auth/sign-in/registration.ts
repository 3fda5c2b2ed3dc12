import { v7 as uuidv7 } from 'uuid';
import { alreadyRegisteredMail, registrationMail, verificationMail } from './mail/mail.ts';
import { requireGoodPassword } from './passwords/password-rules.ts';
import { requireSession } from './session.ts';
import { findByEmail, type SignInContext } from './sign-in-context.ts';
import { mailTokenInvalid } from './sign-in-error.ts';
import type { MailOrder, Registration } from './sign-in-store.ts';
import { emailThrottleKey, requireAttempt, sourceThrottleKey } from './throttle.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

/** How long a registration can be completed, and an address verified. */
const VERIFICATION_MS = 24 * 60 * 60_000;

interface RegisterCommand extends Registration {
  readonly tenantId: string;
  readonly password: string;
  readonly source: string;
}

/**
 * Begins a registration by a mail. The user is created when the address is verified, so that no caller can
 * take the address of another person. When a user has the address already, the mail says so, and the caller
 * learns nothing.
 * @throws SignInError PASSWORD_TOO_COMMON, OVERLOADED, and TOO_MANY_ATTEMPTS when the source asks too often
 */
export async function register(context: SignInContext, command: RegisterCommand): Promise<void> {
  const { reads, store, throttles, hasher } = context;
  const { tenantId, email, source } = command;
  requireGoodPassword(command.password, email);
  await requireAttempt(throttles, { tenantId, kind: 'MAIL_SOURCE', key: sourceThrottleKey(source) });
  const isTooMuch = (await throttles.take({ tenantId, kind: 'MAIL', key: emailThrottleKey(email) })) > 0;
  const user = await findByEmail(reads, tenantId, email);
  // For a taken address too: otherwise the time would show it.
  const passwordHash = await hasher.hash(command.password);
  // Too many mails to one address are dropped silently: an error would show that there were earlier ones.
  if (isTooMuch) return;
  await store.queueMail(
    user
      ? { tenantId, userId: user.id, mail: alreadyRegisteredMail(email.trim()) }
      : registrationOrder(command, passwordHash),
  );
}

function registrationOrder(
  { tenantId, email, firstName, lastName }: RegisterCommand,
  passwordHash: string,
): MailOrder {
  const token = makeSecretToken();
  const person = { email: email.trim(), firstName, lastName };
  return {
    tenantId,
    mail: registrationMail(person.email, token),
    token: {
      purpose: 'REGISTER',
      hash: hashToken(token),
      lifetimeMs: VERIFICATION_MS,
      registration: { person, passwordHash },
    },
  };
}

/**
 * Sends a signed-in user a token for the address. False: the address is verified already, or missing.
 * @throws SignInError ACCESS_TOKEN_INVALID, TOO_MANY_ATTEMPTS
 */
export async function requestEmailVerification(
  context: SignInContext,
  { accessToken }: { accessToken: string },
): Promise<boolean> {
  const { store, throttles } = context;
  const { user } = await requireSession(context, accessToken);
  const { tenantId, id: userId } = user;
  const email = user.contact?.email ?? '';
  if (email === '' || (await store.findAccess(tenantId, user)).isEmailVerified) return false;
  await requireAttempt(throttles, { tenantId, kind: 'MAIL', key: emailThrottleKey(email) });
  const token = makeSecretToken();
  await store.queueMail({
    tenantId,
    userId,
    mail: verificationMail(email, token),
    token: { purpose: 'VERIFY_EMAIL', hash: hashToken(token), lifetimeMs: VERIFICATION_MS },
  });
  return true;
}

/**
 * Verifies the address that a token was sent to, and creates the user of a registration. Answers the id of
 * the user.
 * @throws SignInError MAIL_TOKEN_INVALID
 */
export async function verifyEmail(
  { reads, store }: SignInContext,
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
