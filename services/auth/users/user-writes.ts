import type { Activity, ExternalId, Note } from './records/user-records.ts';
import type { SourceStatistics } from './statistics.ts';
import type { User, UserChanges } from './user.ts';

/** Names a write, so that a repeat of it is known. */
export interface WriteRequest {
  /** UUID chosen by the caller. */
  readonly id: string;
  /** The method that was called. */
  readonly method: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/** A user in full, whom nobody else changes until the transaction ends. */
export interface LockedUser extends User {
  /** Nothing but the tombstone is left, and nothing may come to it. */
  readonly isErased: boolean;
  /** The id that was asked for: its own, or one that was merged into it. */
  readonly askedId: string;
}

/** What any write does in its transaction. All of it happens, or none. */
export interface UserTransaction {
  /** The id of the user that this very request wrote before; undefined, and noted with `userId`, where it is new. Throws UserError REQUEST_ID_REUSED. */
  claim(tenantId: string, request: WriteRequest, userId: string): Promise<string | undefined>;
  /** The user that answers for this id; undefined: there is none. */
  lock(tenantId: string, id: string): Promise<LockedUser | undefined>;
}

/** A transaction that makes a user. */
export interface UserCreation extends UserTransaction {
  /** Makes a user at version 1. Throws UserError EMAIL_TAKEN, USER_ID_TAKEN. */
  insert(tenantId: string, id: string, user: UserChanges): Promise<User>;
}

/** A transaction that changes a user. */
export interface UserUpdate extends Pick<UserTransaction, 'claim'> {
  /** The user in full, which nobody changes before `update`; undefined: there is none. */
  lock(tenantId: string, id: string): Promise<User | undefined>;
  /** Changes a locked user, and its version where anything differs. Throws UserError EMAIL_TAKEN. */
  update(user: User, changes: UserChanges): Promise<User>;
}

/** What becomes of a locked user as a whole. Each is a version, and answers the user after it. */
export interface LifecycleEdits {
  delete(user: User): Promise<User>;
  /** Throws UserError EMAIL_TAKEN. */
  undelete(user: User): Promise<User>;
  /** Removes everything but the tombstone, from every table; so too of whoever was merged into it. */
  erase(user: User): Promise<User>;
}

/** What is kept beside a locked user. Changes no version. */
export interface RecordEdits {
  /** Throws UserError EXTERNAL_ID_TAKEN. */
  link(user: User, externalId: ExternalId): Promise<void>;
  unlink(user: User, externalId: ExternalId): Promise<void>;
  addNote(user: User, note: Note): Promise<void>;
  findNote(user: User, noteId: string): Promise<Note | undefined>;
  removeNote(user: User, noteId: string): Promise<void>;
  addActivity(user: User, activityId: string, activity: Activity): Promise<void>;
}

/** Figures about a locked user. */
export interface StatisticsEdits {
  /** Replaces what a service told of the id that was asked for, unless with a higher revision. Answers the user, a version on where its sums differ. */
  putStatistics(user: LockedUser, told: SourceStatistics): Promise<User>;
}

/** A transaction in which everything can be done to a user. */
export interface UserEdit
  extends UserTransaction,
    Pick<UserUpdate, 'update'>,
    LifecycleEdits,
    RecordEdits,
    StatisticsEdits {}

/** How users are written. */
export interface UserWrites {
  create<T>(work: (creation: UserCreation) => Promise<T>): Promise<T>;
  /** `work` is done again where another write of the user came between; only the last of it counts. */
  update<T>(work: (update: UserUpdate) => Promise<T>): Promise<T>;
  edit<T>(work: (edit: UserEdit) => Promise<T>): Promise<T>;
}
