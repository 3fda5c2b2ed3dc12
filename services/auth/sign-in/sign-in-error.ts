/** Why a person is refused; the names stand in `rollcall.auth.v1.ErrorReason`. */
export type SignInErrorReason =
  | 'CREDENTIALS_WRONG'
  | 'TOO_MANY_ATTEMPTS'
  | 'SESSION_OVER'
  | 'ACCESS_TOKEN_INVALID'
  | 'MAIL_TOKEN_INVALID'
  | 'PASSWORD_TOO_COMMON'
  | 'OVERLOADED';

/** A refusal. Holds neither address nor token nor password. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  readonly reason: SignInErrorReason;
  /** When to come again, in ms from now; absent: waiting does not help. */
  readonly retryDelayMs?: number;

  constructor(reason: SignInErrorReason, message: string, retryDelayMs?: number) {
    super(message);
    this.reason = reason;
    if (retryDelayMs !== undefined) this.retryDelayMs = retryDelayMs;
  }
}

/** The one answer to every sign-in that failed, whatever the reason. */
export function credentialsWrong(): SignInError {
  return new SignInError(
    'CREDENTIALS_WRONG',
    'Address and password do not belong to somebody who may sign in.',
  );
}

/** The one answer to every refresh that failed, whatever the reason. */
export function sessionOver(): SignInError {
  return new SignInError('SESSION_OVER', 'The session is over; sign in again.');
}

/** The one answer to every access token that is not taken. */
export function accessTokenInvalid(): SignInError {
  return new SignInError(
    'ACCESS_TOKEN_INVALID',
    'The access token is not valid, or not any more; refresh the session.',
  );
}

/** The one answer to every token from a mail that is not taken. */
export function mailTokenInvalid(): SignInError {
  return new SignInError(
    'MAIL_TOKEN_INVALID',
    'The token is unknown, used or expired; ask for another mail.',
  );
}

/** Too soon after too many attempts. */
export function tooManyAttempts(retryDelayMs: number): SignInError {
  const seconds = Math.ceil(retryDelayMs / 1000);
  return new SignInError('TOO_MANY_ATTEMPTS', `Too many attempts; try again in ${seconds} s.`, retryDelayMs);
}
