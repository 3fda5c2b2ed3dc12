import { passwordChangedMail } from '../mail/mail-texts.ts';
import { requireSession } from '../require-session.ts';
import { attemptKey, type People } from '../sign-in-context.ts';
import { credentialsWrong } from '../sign-in-error.ts';
import { requireTurn } from '../throttle.ts';
import { requireGoodPassword } from './password-rules.ts';

/** The change to make. */
export interface ChangePasswordCommand {
  readonly accessToken: string;
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly source: string;
}

/**
 * Gives a signed-in user another password and ends all other sessions.
 * @throws PeopleError ACCESS_TOKEN_INVALID, CREDENTIALS_WRONG, PASSWORD_TOO_COMMON, TOO_MANY_ATTEMPTS, OVERLOADED
 */
export async function changePassword(people: People, command: ChangePasswordCommand): Promise<void> {
  const { store, throttles, hasher } = people;
  const { user, sessionId } = await requireSession(people, command.accessToken);
  const { tenantId, id: userId } = user;
  const email = user.contact?.email ?? '';
  requireGoodPassword(command.newPassword, email);
  // Who holds a stolen session may not guess any faster than at the front door.
  const key = attemptKey(email) || userId;
  await requireTurn(throttles, { tenantId, kind: 'ACCOUNT', key });
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
