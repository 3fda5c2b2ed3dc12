import type { User } from '@rollcall/contract/user';

/** Freezes the user and all it holds: one object answers many callers, and none may change it under another. */
export function freezeUser(user: User): User {
  freeze(user);
  return user;
}

function freeze(value: unknown): void {
  // Typed arrays cannot be frozen; no field of User is of bytes, unknown fields are.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return;
  for (const part of Object.values(value)) freeze(part);
  Object.freeze(value);
}
