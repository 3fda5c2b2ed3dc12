import type { User } from '@rollcall/contract/user';
import type { CachedUser } from '../model/cached-user.ts';
import type { UserScope } from '../model/user-reader.ts';

/** An entry that changes may be noted in. */
export interface ChangedEntry {
  user: User;
  dueVersion: bigint | undefined;
}

/** The version up to which every change of the user is accounted for in an entry. */
export function knownThrough({ user, dueVersion }: Pick<CachedUser, 'user' | 'dueVersion'>): bigint {
  return dueVersion ?? user.version;
}

/** What entries of one tenant and view share. */
export interface SharedScope extends UserScope {
  /** The user is the survivor of a merge: changes of it are told under another id. */
  readonly isMerged: boolean;
  /** The era that the user was read in. What is of an earlier one stands in during an outage, and binds nothing. */
  readonly era: number;
}

/** A user in one view, and what else is held under the same id: other views, and the same id of other tenants. */
export interface UserEntry extends ChangedEntry, Pick<CachedUser, 'readAtMs'> {
  /** One object for all entries of its kind: a hit does not have to look into the user, and an entry stays small. */
  readonly scope: SharedScope;
  readonly next: UserEntry | undefined;
  /** Estimated. */
  readonly bytes: number;
  /** The epoch in which it was last used, where it is the first of its id. */
  usedIn: number;
}
