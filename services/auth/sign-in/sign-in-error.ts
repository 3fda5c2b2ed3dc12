/** Why sign-in refuses a call. `rollcall.auth.v1.ErrorReason` has the names. */
export type SignInErrorReason =
  | 'CREDENTIALS_WRONG'
  | 'TOO_MANY_ATTEMPTS'
  | 'SESSION_OVER'
  | 'ACCESS_TOKEN_INVALID'
  | 'MAIL_TOKEN_INVALID'
  | 'PASSWORD_TOO_COMMON'
  | 'OVERLOADED';

/** A refusal of sign-in. Contains no address, token or password. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  readonly reason: SignInErrorReason;
  /** When to try again. Milliseconds from now. Absent: waiting does not help. */
  readonly retryDelayMs?: number;

  constructor(reason: SignInErrorReason, message: string, retryDelayMs?: number) {
    super(message);
    this.reason = reason;
    if (retryDelayMs !== undefined) this.retryDelayMs = retryDelayMs;
  }
}

/** The one error of every failed sign-in, whatever the reason. */
export function credentialsWrong(): SignInError {
  return new SignInError(
    'CREDENTIALS_WRONG',
    'Address and password do not belong to somebody who may sign in.',
  );
}

/** The one error of every failed refresh, whatever the reason. */
export function sessionOver(): SignInError {
  return new SignInError('SESSION_OVER', 'The session is over; sign in again.');
}

/** The one error of every access token that is refused. */
export function accessTokenInvalid(): SignInError {
  return new SignInError(
    'ACCESS_TOKEN_INVALID',
    'The access token is not valid, or not any more; refresh the session.',
  );
}

/** The one error of every mail token that is refused. */
export function mailTokenInvalid(): SignInError {
  return new SignInError(
    'MAIL_TOKEN_INVALID',
    'The token is unknown, used or expired; ask for another mail.',
  );
}

/** The error of a call that came before its wait was over. */
export function tooManyAttempts(retryDelayMs: number): SignInError {
  const seconds = Math.ceil(retryDelayMs / 1000);
  return new SignInError('TOO_MANY_ATTEMPTS', `Too many attempts; try again in ${seconds} s.`, retryDelayMs);
}
