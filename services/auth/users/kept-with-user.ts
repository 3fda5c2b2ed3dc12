import type { User } from './user.ts';

/** What is kept with a user that is remembered, for as long as that very object is: copies of it have nothing. */
export interface KeptWithUser {
  /** What it is on the wire, once somebody has encoded it. */
  encoded?: Uint8Array;
}

const kept = new WeakMap<User, KeptWithUser>();

/** Says that a user was answered from memory, and may be again. */
export function keepWith(user: User): void {
  if (!kept.has(user)) kept.set(user, {});
}

/** Where to keep what was made of a user; undefined: nobody remembers it, and it is not worth the while. */
export function keptWith(user: User): KeptWithUser | undefined {
  return kept.get(user);
}
