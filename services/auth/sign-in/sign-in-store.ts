import type { User, UserRole, UserState } from '../users/user.ts';
import type { Mail } from './mail/mail.ts';

/** The password and the verification of a user. */
export interface Access {
  /** PHC string. Undefined: no password yet, or no user. */
  readonly passwordHash: string | undefined;
  /** Whether the user's current address is verified. */
  readonly isEmailVerified: boolean;
}

/** How a sign-in ended. The database stores these names. */
type SignInOutcome = 'SUCCEEDED' | 'WRONG_PASSWORD' | 'NO_PASSWORD' | 'NOT_ACTIVE' | 'UNKNOWN_ADDRESS';

/** A try to sign in. */
export interface SignInAttempt {
  readonly tenantId: string;
  readonly email: string;
  /** Address of the person's machine. */
  readonly source: string;
}

/** The result of looking an address up. */
export interface SignInStart {
  /** Milliseconds. Above 0: too many attempts came before, and this one was not counted. */
  readonly waitMs: number;
  /** Absent: no user has the address. */
  readonly user?: {
    readonly id: string;
    readonly state: UserState;
    /**
     * Whether the current address is verified.
     * @throws SealingError when an address cannot be opened
     */
    isEmailVerified(): boolean;
  };
  /** PHC string. Absent: no password yet, or no user. */
  readonly passwordHash?: string;
}

/** A sign-in that failed. */
export interface FailedSignIn {
  readonly tenantId: string;
  /** Absent: no user has the address. */
  readonly userId?: string;
  readonly outcome: Exclude<SignInOutcome, 'SUCCEEDED'>;
  readonly source: string;
}

/** A session to open. */
export interface SessionOpening {
  readonly tenantId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly tokenHash: Buffer;
  /** How long the session lives. Milliseconds, added to the clock of the database, by which sessions end. */
  readonly lifetimeMs: number;
  /** The hash that the password matched. When it was replaced meanwhile, no session opens. */
  readonly passwordHash: string;
  /** The address of the sign-in, whose failed attempts are dropped. */
  readonly email: string;
  readonly source: string;
}

/** A session that is alive. */
export interface LiveSession {
  readonly id: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly expireTime: Date;
}

/** A session that a refresh token continues. */
export interface RefreshedSession extends LiveSession {
  /** Whether the user's current address is verified. */
  readonly isEmailVerified: boolean;
}

/** The outcome of a refresh token. REUSED: the session was alive, and this has ended it. */
export type RefreshOutcome<Answer> =
  | { readonly kind: 'REFRESHED'; readonly answer: Answer }
  | { readonly kind: 'REUSED'; readonly sessionId: string }
  | { readonly kind: 'OVER' };

/** The purpose of a token that goes by mail. The database stores these names. */
export type MailTokenPurpose = 'REGISTER' | 'VERIFY_EMAIL' | 'RESET_PASSWORD';

/** The profile of a registration. */
export interface Registration {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** A token that goes by mail. */
interface MailToken {
  readonly purpose: MailTokenPurpose;
  readonly hash: Buffer;
  readonly lifetimeMs: number;
  /** Present for REGISTER only. */
  readonly registration?: { readonly person: Registration; readonly passwordHash: string };
}

/** A mail to send, and its token. */
export interface MailOrder {
  readonly tenantId: string;
  /** Absent: no user has the address. */
  readonly userId?: string;
  readonly mail: Mail;
  /** Absent: the mail has no token. */
  readonly token?: MailToken;
}

/** A new password of a user. */
export interface PasswordChange {
  readonly tenantId: string;
  readonly userId: string;
  readonly passwordHash: string;
  /** Reports the change. Absent: the user has no address. */
  readonly mail?: Mail;
}

/** Stores everything about sign-in. Each method is one transaction. */
export interface SignInStore {
  /**
   * Counts an attempt on an address as failed, and finds the user of the address. Counts before the hash, so
   * that concurrent attempts count too. Counts nothing while the address or the source has to wait. Does the
   * same work for unknown addresses.
   */
  beginSignIn(attempt: SignInAttempt): Promise<SignInStart>;
  /** @param user undefined: an unknown address, for which the same work is done */
  findAccess(tenantId: string, user: User | undefined): Promise<Access>;
  recordFailure(failure: FailedSignIn): Promise<void>;
  /**
   * Opens a session, records the sign-in and drops failed attempts. Undefined: the user is no longer active,
   * or the password has changed.
   */
  openSession(
    opening: SessionOpening,
  ): Promise<{ readonly role: UserRole; readonly expireTime: Date } | undefined>;
  /** Replaces a hash by another one of the same password, unless another call has replaced it. */
  replaceHash(tenantId: string, userId: string, hashes: { from: string; to: string }): Promise<void>;
  /**
   * Uses up a refresh token, stores the next one and makes the answer, in one transaction. When `answer`
   * rejects, the used token stays valid.
   */
  refresh<Answer>(
    tenantId: string,
    tokens: { used: Buffer; next: Buffer },
    answer: (session: RefreshedSession) => Promise<Answer>,
  ): Promise<RefreshOutcome<Answer>>;
  /** Ends the session of a token, used or not, or all sessions of its user. */
  signOut(tenantId: string, tokenHash: Buffer, everywhere: boolean): Promise<void>;
  /** Finds a session while it is alive and its user active. */
  findSession(tenantId: string, id: string): Promise<LiveSession | undefined>;
  /** Changes a password and ends all other sessions. False: the current password is no longer `from`. */
  changePassword(
    change: PasswordChange & { from: string; keepSessionId: string; email: string },
  ): Promise<boolean>;
  /** Stores a mail and its token until the mail is sent. */
  queueMail(order: MailOrder): Promise<void>;
  /** Finds the user that a valid token was sent to. `userId` is undefined for a registration. */
  findMailToken(
    tenantId: string,
    hash: Buffer,
    purposes: readonly MailTokenPurpose[],
  ): Promise<{ readonly purpose: MailTokenPurpose; readonly userId: string | undefined } | undefined>;
  /**
   * Creates the user of a registration, with password and verified address. False: the token is used, or the
   * address taken.
   */
  completeRegistration(tenantId: string, hash: Buffer, userId: string): Promise<boolean>;
  /** Marks an address as verified. False: the token is used, or was sent to another address. */
  verifyEmail(tenantId: string, hash: Buffer, user: { id: string; email: string }): Promise<boolean>;
  /**
   * Sets a password, ends all sessions, verifies the address. False: the token is used, or was sent to
   * another address.
   */
  resetPassword(change: PasswordChange & { tokenHash: Buffer; email: string }): Promise<boolean>;
}
