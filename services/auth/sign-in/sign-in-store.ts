import type { User, UserRole, UserState } from '../users/user.ts';
import type { Mail } from './mail/mail.ts';

/** What there is of somebody's sign-in. */
export interface Access {
  /** PHC string; undefined: no password yet, or nobody. */
  readonly passwordHash: string | undefined;
  /** Whether the user's current address is verified. */
  readonly isEmailVerified: boolean;
}

/** How a sign-in ended. */
type SignInOutcome = 'SUCCEEDED' | 'WRONG_PASSWORD' | 'NO_PASSWORD' | 'NOT_ACTIVE' | 'UNKNOWN_ADDRESS';

/** Who wants to sign in. */
export interface SignInAttempt {
  readonly tenantId: string;
  readonly email: string;
  /** Address of the person's machine. */
  readonly source: string;
}

/** What a sign-in begins with. */
export interface SignInStart {
  /** In ms; above 0: too many attempts came before, and this one was not counted. */
  readonly waitMs: number;
  /** Absent: the address leads to nobody. */
  readonly user?: {
    readonly id: string;
    readonly state: UserState;
    /** Whether the user's current address is verified. Opens what is sealed: throws SealingError. */
    isEmailVerified(): boolean;
  };
  /** PHC string; absent: no password yet, or nobody. */
  readonly passwordHash?: string;
}

/** A sign-in that failed. */
export interface FailedSignIn {
  readonly tenantId: string;
  /** Absent: the address leads to nobody. */
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
  /** How long the session lives. The database adds it to its own clock, by which sessions end. */
  readonly lifetimeMs: number;
  /** The hash that was compared with: where it was replaced meanwhile, no session is opened. */
  readonly passwordHash: string;
  /** The address that was signed in with, whose failed attempts are forgotten. */
  readonly email: string;
  readonly source: string;
}

/** A session that goes on. */
export interface LiveSession {
  readonly id: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly expireTime: Date;
}

/** A session that a refresh token goes on with. */
export interface RefreshedSession extends LiveSession {
  /** Whether the user's current address is verified. */
  readonly isEmailVerified: boolean;
}

/** What a refresh token led to. REUSED: its session was alive, and is over now. */
export type RefreshOutcome<Answer> =
  | { readonly kind: 'REFRESHED'; readonly answer: Answer }
  | { readonly kind: 'REUSED'; readonly sessionId: string }
  | { readonly kind: 'OVER' };

/** What a token from a mail is for. */
export type MailTokenPurpose = 'REGISTER' | 'VERIFY_EMAIL' | 'RESET_PASSWORD';

/** A person who is no user yet. */
export interface Registration {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** A token that goes with a mail. */
interface MailToken {
  readonly purpose: MailTokenPurpose;
  readonly hash: Buffer;
  readonly lifetimeMs: number;
  /** REGISTER alone. */
  readonly registration?: { readonly person: Registration; readonly passwordHash: string };
}

/** A mail to send, and the token in it, kept together. */
export interface MailOrder {
  readonly tenantId: string;
  /** Absent: nobody has the address. */
  readonly userId?: string;
  readonly mail: Mail;
  /** Absent: none is in it. */
  readonly token?: MailToken;
}

/** A new password for somebody. */
export interface PasswordChange {
  readonly tenantId: string;
  readonly userId: string;
  readonly passwordHash: string;
  /** Tells the person; absent where there is no address. */
  readonly mail?: Mail;
}

/** Everything about sign-in that is kept. Each method is one transaction. */
export interface SignInStore {
  /**
   * Counts an attempt on an address as failed before it is made, so that many at once are counted too, unless it or its source
   * has to wait; finds who has the address. The same work is done for nobody.
   */
  beginSignIn(attempt: SignInAttempt): Promise<SignInStart>;
  /** Undefined: nobody. */
  findAccess(tenantId: string, user: User | undefined): Promise<Access>;
  recordFailure(failure: FailedSignIn): Promise<void>;
  /** Opens a session, notes the sign-in, forgets failed attempts. Undefined: the user is not active or the password is another by now. */
  openSession(
    opening: SessionOpening,
  ): Promise<{ readonly role: UserRole; readonly expireTime: Date } | undefined>;
  /** Replaces a hash by another of the same password, unless it was replaced already. */
  replaceHash(tenantId: string, userId: string, hashes: { from: string; to: string }): Promise<void>;
  /**
   * Uses up a refresh token, keeps the next one and makes the answer in one transaction: where `answer` rejects, the used token
   * is as good as before.
   */
  refresh<Answer>(
    tenantId: string,
    tokens: { used: Buffer; next: Buffer },
    answer: (session: RefreshedSession) => Promise<Answer>,
  ): Promise<RefreshOutcome<Answer>>;
  /** Ends the session of a token, used or not, or all of its user. */
  signOut(tenantId: string, tokenHash: Buffer, everywhere: boolean): Promise<void>;
  /** The session while it is alive and its user active. */
  findSession(tenantId: string, id: string): Promise<LiveSession | undefined>;
  /** Changes a password, where it is still the one of `from`, and ends all sessions but one. False: it is another by now. */
  changePassword(
    change: PasswordChange & { from: string; keepSessionId: string; email: string },
  ): Promise<boolean>;
  /** Keeps a mail until it is sent, and its token. */
  queueMail(order: MailOrder): Promise<void>;
  /** The user that a live token was sent to; `isRegistration`: there is none yet. Undefined: there is no such token. */
  findMailToken(
    tenantId: string,
    hash: Buffer,
    purposes: readonly MailTokenPurpose[],
  ): Promise<{ readonly purpose: MailTokenPurpose; readonly userId: string | undefined } | undefined>;
  /** Makes the user of a registration, with password and verified address. False: the token or the address is taken by now. */
  completeRegistration(tenantId: string, hash: Buffer, userId: string): Promise<boolean>;
  /** Takes an address as verified. False: the token was sent to another one, or is used. */
  verifyEmail(tenantId: string, hash: Buffer, user: { id: string; email: string }): Promise<boolean>;
  /** Sets a password, ends all sessions, verifies the address. False: the token was sent to another one, or is used. */
  resetPassword(change: PasswordChange & { tokenHash: Buffer; email: string }): Promise<boolean>;
}
