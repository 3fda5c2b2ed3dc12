import { alreadyRegisteredMail, registrationMail } from './mail/mail-texts.ts';
import { requireGoodPassword } from './passwords/password-rules.ts';
import { attemptKey, findByEmail, type People } from './sign-in-context.ts';
import type { MailOrder, Registration } from './sign-in-store.ts';
import { requireTurn, sourceKey } from './throttle.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

/** How long an address may be verified. */
export const VERIFICATION_MS = 24 * 60 * 60_000;

/** Who wants to be a user. */
export interface RegisterCommand extends Registration {
  readonly tenantId: string;
  readonly password: string;
  readonly source: string;
}

/**
 * Begins a registration by a mail. There is no user before the address is verified, so nobody can take another's address, and
 * a sign-in with the new password tells nothing. Where somebody has the address already, they are told by mail.
 * @throws PeopleError PASSWORD_TOO_COMMON, TOO_MANY_ATTEMPTS (of the source), OVERLOADED
 */
export async function register(people: People, command: RegisterCommand): Promise<void> {
  const { reads, store, throttles, hasher } = people;
  const { tenantId, email, source } = command;
  requireGoodPassword(command.password, email);
  await requireTurn(throttles, { tenantId, kind: 'MAIL_SOURCE', key: sourceKey(source) });
  const isTooMuch = (await throttles.take({ tenantId, kind: 'MAIL', key: attemptKey(email) })) > 0;
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
