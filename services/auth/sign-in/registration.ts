import { v7 as uuidv7 } from 'uuid';
import { alreadyRegisteredMail, registrationMail, verificationMail } from './mail/mail.ts';
import { requireGoodPassword } from './passwords/password-rules.ts';
import { requireSession } from './session.ts';
import { findByEmail, type SignInContext } from './sign-in-context.ts';
import { mailTokenInvalid } from './sign-in-error.ts';
import type { MailOrder, Registration } from './sign-in-store.ts';
import { emailThrottleKey, requireAttempt, sourceThrottleKey } from './throttle.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

/** How long an address may be verified. */
const VERIFICATION_MS = 24 * 60 * 60_000;

/** Who wants to be a user. */
interface RegisterCommand extends Registration {
  readonly tenantId: string;
  readonly password: string;
  readonly source: string;
}

/**
 * Begins a registration by a mail. There is no user before the address is verified, so nobody can take another's address, and
 * a sign-in with the new password tells nothing. Where somebody has the address already, they are told by mail.
 * @throws SignInError PASSWORD_TOO_COMMON, TOO_MANY_ATTEMPTS (of the source), OVERLOADED
 */
export async function register(context: SignInContext, command: RegisterCommand): Promise<void> {
  const { reads, store, throttles, hasher } = context;
  const { tenantId, email, source } = command;
  requireGoodPassword(command.password, email);
  await requireAttempt(throttles, { tenantId, kind: 'MAIL_SOURCE', key: sourceThrottleKey(source) });
  const isTooMuch = (await throttles.take({ tenantId, kind: 'MAIL', key: emailThrottleKey(email) })) > 0;
  const user = await findByEmail(reads, tenantId, email);
  // Hashed for a taken address too: the time must not tell.
  const passwordHash = await hasher.hash(command.password);
  // Too many mails for one address: said to nobody, because that would tell of those before.
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
 * Sends a signed-in user a token for the address. False: it is verified, or there is none.
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
 * Takes the address that a token was sent to as verified, and makes the user of a registration. Answers the user's id.
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
