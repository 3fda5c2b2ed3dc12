import type { Activity, ExternalId, Note } from './records/user-records.ts';
import type { SourceStatistics } from './statistics.ts';
import type { User, UserChanges } from './user.ts';

/** Identifies a write, so that a repetition is recognized. */
export interface WriteRequest {
  /** UUID chosen by the caller. */
  readonly id: string;
  /** Name of the called method. */
  readonly method: string;
  /** Digest of the written data. */
  readonly fingerprint: Uint8Array;
}

/** A full user that no other transaction changes until the end of this one. */
export interface LockedUser extends User {
  /** Only the tombstone is left, and no data may be added to it. */
  readonly isErased: boolean;
  /** The requested id: the user's own, or that of a user merged into it. */
  readonly askedId: string;
}

/** The operations of every write transaction. It is applied completely or not at all. */
export interface UserTransaction {
  /**
   * Claims a request id. Returns the id of the user that an earlier call of this request wrote; undefined for
   * a new request, which is stored with `userId`.
   * @throws UserError REQUEST_ID_REUSED.
   */
  claim(tenantId: string, request: WriteRequest, userId: string): Promise<string | undefined>;
  /** Locks the canonical user of this id; undefined when it does not exist. */
  lock(tenantId: string, id: string): Promise<LockedUser | undefined>;
}

/** A transaction that creates a user. */
export interface UserCreation extends UserTransaction {
  /**
   * Inserts a user at version 1.
   * @throws UserError EMAIL_TAKEN, USER_ID_TAKEN, PROFILE_TOO_LARGE.
   */
  insert(tenantId: string, id: string, user: UserChanges): Promise<User>;
}

/** A transaction that updates a user. */
export interface UserUpdate extends Pick<UserTransaction, 'claim'> {
  /** Reads the full user, which no other write changes before `update`; undefined when it does not exist. */
  lock(tenantId: string, id: string): Promise<User | undefined>;
  /**
   * Updates a locked user. The version rises if a field differs.
   * @throws UserError EMAIL_TAKEN, PROFILE_TOO_LARGE.
   */
  update(user: User, changes: UserChanges): Promise<User>;
}

/** Changes the lifecycle of a locked user. Each method writes a version and returns the user after it. */
export interface LifecycleEdits {
  delete(user: User): Promise<User>;
  /** @throws UserError EMAIL_TAKEN. */
  undelete(user: User): Promise<User>;
  /** Removes everything but the tombstone from every table, also for users merged into this one. */
  erase(user: User): Promise<User>;
}

/** Writes records of a locked user, without a new version. */
export interface RecordEdits {
  /** @throws UserError EXTERNAL_ID_TAKEN. */
  link(user: User, externalId: ExternalId): Promise<void>;
  unlink(user: User, externalId: ExternalId): Promise<void>;
  addNote(user: User, note: Note): Promise<void>;
  findNote(user: User, noteId: string): Promise<Note | undefined>;
  removeNote(user: User, noteId: string): Promise<void>;
  addActivity(user: User, activityId: string, activity: Activity): Promise<void>;
}

/** Writes statistics of a locked user. */
export interface StatisticsEdits {
  /**
   * Stores the statistics that a service reported for the requested id, unless a higher revision is stored.
   * Returns the user, at a new version if its sums differ.
   */
  putStatistics(user: LockedUser, reported: SourceStatistics): Promise<User>;
}

/** A transaction in which a user can be changed in every way. */
export interface UserEdit
  extends UserTransaction,
    Pick<UserUpdate, 'update'>,
    LifecycleEdits,
    RecordEdits,
    StatisticsEdits {}

/** Writes users. */
export interface UserWrites {
  create<T>(work: (creation: UserCreation) => Promise<T>): Promise<T>;
  /** `work` is repeated after a conflict with another write of the user; only its last run counts. */
  update<T>(work: (update: UserUpdate) => Promise<T>): Promise<T>;
  edit<T>(work: (edit: UserEdit) => Promise<T>): Promise<T>;
}
