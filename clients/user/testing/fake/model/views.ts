import { clone, create, equals } from '@bufbuild/protobuf';
import {
  ProfileSchema,
  type TouchedViews,
  TouchedViewsSchema,
  type User,
  UserSchema,
  UserView,
} from '@rollcall/contract/user';

/** A user as it is answered: a copy with as much as the view shows, the name to show, and the etag. */
export function toView(user: User, view: UserView): User {
  const shown = clone(UserSchema, user);
  shown.displayName = displayNameOf(user);
  shown.etag = etagOf(user.version);
  if (view === UserView.FULL) shown.profile ??= create(ProfileSchema);
  else delete shown.profile;
  if (view !== UserView.FULL && view !== UserView.BASIC) Object.assign(shown, { email: '', phone: '' });
  return shown;
}

/** The name to show for a user who gave none. */
export function displayNameOf(user: User): string {
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

const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

/** In which views a change shows: those that answer another user after it. */
export function touchedViews(before: User | undefined, after: User): TouchedViews {
  const views = VIEWS.filter(
    (view) => before === undefined || !isAlike(before, after, { view, figures: false }),
  );
  const figureViews = VIEWS.filter(
    (view) => !views.includes(view) && before && !isAlike(before, after, { view, figures: true }),
  );
  return create(TouchedViewsSchema, {
    views,
    figureViews,
    etag: etagOf(after.version),
    ...(after.updateTime && { updateTime: after.updateTime }),
  });
}

function isAlike(
  before: User,
  after: User,
  { view, figures }: { view: UserView; figures: boolean },
): boolean {
  const [one, other] = [before, after].map((user) => comparable(toView(user, view), figures)) as [User, User];
  return equals(UserSchema, one, other);
}

/** Without what every change changes. */
function comparable(shown: User, figures: boolean): User {
  const user = Object.assign(clone(UserSchema, shown), { version: 0n, etag: '', updateTime: undefined });
  if (figures) return user;
  Object.assign(user, { averageRating: 0, totalReviews: 0 });
  if (user.profile) user.profile.statistics = undefined;
  return user;
}
