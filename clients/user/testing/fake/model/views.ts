import { clone, create } from '@bufbuild/protobuf';
import { ProfileSchema, type User, UserSchema, UserView } from '@rollcall/contract/user';

/** A user as it is answered: a copy with as much as the view shows, the name to show, and the etag. */
export function toView(user: User, view: UserView): User {
  const shown = clone(UserSchema, user);
  shown.displayName = shownName(user);
  shown.etag = etagOf(user.version);
  if (view === UserView.FULL) shown.profile ??= create(ProfileSchema);
  else delete shown.profile;
  if (view !== UserView.FULL && view !== UserView.BASIC) Object.assign(shown, { email: '', phone: '' });
  return shown;
}

/** The name to show for a user who gave none. */
export function shownName(user: User): string {
  return user.displayName || `${user.firstName} ${user.lastName}`.trim() || user.businessName;
}

/** The opaque fingerprint of a version. */
export function etagOf(version: bigint): string {
  return `v${version}`;
}

/** An address in the form in which addresses are compared; empty where there is none, or none that anybody can have. */
export function emailKey(email: string): string {
  const trimmed = email.trim();
  return /^[\x21-\x7e]+$/.test(trimmed) ? trimmed.toLowerCase() : '';
}
