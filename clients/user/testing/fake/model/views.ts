import { clone, create, equals } from '@bufbuild/protobuf';
import {
  ProfileSchema,
  type TouchedViews,
  TouchedViewsSchema,
  type User,
  UserSchema,
  UserView,
} from '@rollcall/contract/user';

/** A copy of a user with the fields of a view, its shown name and its etag. */
export function toView(user: User, view: UserView): User {
  const shown = clone(UserSchema, user);
  shown.displayName = displayNameOf(user);
  shown.etag = etagOf(user.version);
  if (view === UserView.FULL) shown.profile ??= create(ProfileSchema);
  else delete shown.profile;
  if (view !== UserView.FULL && view !== UserView.BASIC) Object.assign(shown, { email: '', phone: '' });
  return shown;
}

/** The name to show: the display name, or else the first and last name, or else the business name. */
export function displayNameOf(user: User): string {
  return user.displayName || `${user.firstName} ${user.lastName}`.trim() || user.businessName;
}

/** The etag of a version. */
export function etagOf(version: bigint): string {
  return `v${version}`;
}

/** The form in which addresses are compared. Empty: there is no address, or no valid one. */
export function emailKey(email: string): string {
  const trimmed = email.trim();
  return /^[\x21-\x7e]+$/.test(trimmed) ? trimmed.toLowerCase() : '';
}

const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

/** The views whose content a change alters. */
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

/** A user without the fields that every change alters. */
function comparable(shown: User, figures: boolean): User {
  const user = Object.assign(clone(UserSchema, shown), { version: 0n, etag: '', updateTime: undefined });
  if (figures) return user;
  Object.assign(user, { averageRating: 0, totalReviews: 0 });
  if (user.profile) user.profile.statistics = undefined;
  return user;
}
