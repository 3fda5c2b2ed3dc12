/** Why a person is refused; the names stand in `rollcall.auth.v1.ErrorReason`. */
export type PeopleErrorReason =
  | 'CREDENTIALS_WRONG'
  | 'TOO_MANY_ATTEMPTS'
  | 'SESSION_OVER'
  | 'ACCESS_TOKEN_INVALID'
  | 'MAIL_TOKEN_INVALID'
  | 'PASSWORD_TOO_COMMON'
  | 'OVERLOADED';

/** A refusal. Holds neither address nor token nor password. */
export class PeopleError extends Error {
  override readonly name = 'PeopleError';
  readonly reason: PeopleErrorReason;
  /** When to come again, in ms from now; absent: waiting does not help. */
  readonly retryDelayMs?: number;

  constructor(reason: PeopleErrorReason, message: string, retryDelayMs?: number) {
    super(message);
    this.reason = reason;
    if (retryDelayMs !== undefined) this.retryDelayMs = retryDelayMs;
  }
}

/** The one answer to every sign-in that failed, whatever the reason. */
export function credentialsWrong(): PeopleError {
  return new PeopleError(
    'CREDENTIALS_WRONG',
    'Address and password do not belong to somebody who may sign in.',
  );
}

/** The one answer to every refresh that failed, whatever the reason. */
export function sessionOver(): PeopleError {
  return new PeopleError('SESSION_OVER', 'The session is over; sign in again.');
}

/** The one answer to every access token that is not taken. */
export function accessTokenInvalid(): PeopleError {
  return new PeopleError(
    'ACCESS_TOKEN_INVALID',
    'The access token is not valid, or not any more; refresh the session.',
  );
}

/** The one answer to every token from a mail that is not taken. */
export function mailTokenInvalid(): PeopleError {
  return new PeopleError(
    'MAIL_TOKEN_INVALID',
    'The token is unknown, used or expired; ask for another mail.',
  );
}

/** Too soon after too many attempts. */
export function tooManyAttempts(retryDelayMs: number): PeopleError {
  const seconds = Math.ceil(retryDelayMs / 1000);
  return new PeopleError('TOO_MANY_ATTEMPTS', `Too many attempts; try again in ${seconds} s.`, retryDelayMs);
}
