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

/** What any write does in its transaction. All of it happens, or none. */
export interface UserTransaction {
  /** The id of the user that this very request wrote before; undefined, and noted with `userId`, where it is new. Throws UserError REQUEST_ID_REUSED. */
  claim(tenantId: string, request: WriteRequest, userId: string): Promise<string | undefined>;
  /** The user in full, whom nobody else changes until the end; undefined: there is none. */
  lock(tenantId: string, id: string): Promise<User | undefined>;
}

/** A transaction that makes a user. */
export interface UserCreation extends UserTransaction {
  /** Makes a user at version 1. Throws UserError EMAIL_TAKEN, USER_ID_TAKEN. */
  insert(tenantId: string, id: string, user: UserChanges): Promise<User>;
}

/** A transaction that changes a user. */
export interface UserUpdate extends UserTransaction {
  /** Changes a locked user, and its version where anything differs. Throws UserError EMAIL_TAKEN. */
  update(user: User, changes: UserChanges): Promise<User>;
}

/** How users are written. */
export interface UserWrites {
  create<T>(work: (creation: UserCreation) => Promise<T>): Promise<T>;
  /** `work` is done again where another write of the user came between; only the last of it counts. */
  update<T>(work: (update: UserUpdate) => Promise<T>): Promise<T>;
}
