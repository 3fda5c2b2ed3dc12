import { type User, UserSchema } from '@rollcall/contract/user';

const PARTS = UserSchema.fields
  .filter((field) => field.fieldKind === 'message')
  .map((field) => field.localName as keyof User);

/** Freezes the user and all it holds: one object answers many callers, and none may change it under another. */
export function freezeUser(user: User): User {
  // Of all users it is only these fields that can hold more than a plain value, beside what a newer contract may send.
  for (const part of PARTS) {
    const held = user[part];
    if (held !== undefined) freeze(held);
  }
  if (user.$unknown !== undefined) freeze(user.$unknown);
  return Object.freeze(user);
}

function freeze(value: unknown): void {
  // Typed arrays cannot be frozen; no field of User is of bytes, unknown fields are.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (const name in value) freeze(value[name as keyof typeof value]);
  Object.freeze(value);
}
