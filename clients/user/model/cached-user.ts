import type { User } from '@rollcall/contract/user';

/** A user as the service answered it. */
export interface CachedUser {
  /** Frozen. */
  readonly user: User;
  /** Point on the client's clock from which the answer was true, at the latest, in ms. */
  readonly readAtMs: number;
  /**
   * A later version that changed ratings or statistics only: the user is still served, and read again when it
   * is asked for. Absent: no such change is known.
   */
  readonly dueVersion?: bigint | undefined;
}

/**
 * Whether one answer about an id is newer than another. Versions decide between answers of one user. Across a
 * merge the answers are of two users, and the time of reading decides.
 */
export function isNewer(one: CachedUser, other: CachedUser): boolean {
  if (one.user.id === other.user.id) return one.user.version > other.user.version;
  return one.readAtMs > other.readAtMs;
}

/**
 * Whether the entry of an id has this version or a later one. A survivor has versions of its own: only the
 * service can say whether the merge came after this version, or was undone before it.
 */
export function reaches({ user }: CachedUser, id: string, minVersion: bigint): boolean {
  return user.id === id ? user.version >= minVersion : minVersion === 0n;
}
