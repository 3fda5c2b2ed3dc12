import type { User } from '@rollcall/contract/user';
import type { CachedUser } from '../model/cached-user.ts';
import type { UserScope } from '../model/user-reader.ts';

/** The part of an entry that a change may replace. */
export interface ChangedEntry {
  user: User;
  dueVersion: bigint | undefined;
}

/** The version up to which the entry accounts for every change of its user. */
export function knownThrough({ user, dueVersion }: Pick<CachedUser, 'user' | 'dueVersion'>): bigint {
  return dueVersion ?? user.version;
}

/** The scope that entries of one tenant and view share. */
export interface SharedScope extends UserScope {
  /** Whether the user is the survivor of a merge, whose changes come under another id. */
  readonly isMerged: boolean;
  /**
   * The era that the user was read in. An entry of an earlier era serves during an outage only, and its
   * version does not bind.
   */
  readonly era: number;
}

/**
 * A user in one view, linked to the other entries of its id: other views, and the same id in other tenants.
 */
export interface UserEntry extends ChangedEntry, Pick<CachedUser, 'readAtMs'> {
  /**
   * One object for all entries of its kind, so that a hit does not look into the user and an entry stays
   * small.
   */
  readonly scope: SharedScope;
  readonly next: UserEntry | undefined;
  /** Estimated size. */
  readonly bytes: number;
  /** The epoch in which the id was last used. It counts in the first entry of an id only. */
  usedIn: number;
}
