import type { User } from '@rollcall/contract/user';

/** A user as it was answered. */
export interface CachedUser {
  /** Frozen. */
  readonly user: User;
  /** True at this point of the client's clock or later. */
  readonly readAtMs: number;
  /**
   * A later version, up to which only ratings or statistics changed: the user is still shown, and read anew when it is asked for.
   * Absent: no such change was told.
   */
  readonly dueVersion?: bigint | undefined;
}

/**
 * Whether one answer about an id is newer than another. Versions decide, which belong to one user; across a merge the two
 * answers are of two users, and the time of reading decides.
 */
export function isNewer(one: CachedUser, other: CachedUser): boolean {
  if (one.user.id === other.user.id) return one.user.version > other.user.version;
  return one.readAtMs > other.readAtMs;
}

/**
 * Whether what is remembered of an id is known to be of this version or later. The survivor of a merge has versions of its own:
 * whether the merge came after this version, or was undone before it, the service alone can say.
 */
export function reaches({ user }: CachedUser, id: string, minVersion: bigint): boolean {
  return user.id === id ? user.version >= minVersion : minVersion === 0n;
}
