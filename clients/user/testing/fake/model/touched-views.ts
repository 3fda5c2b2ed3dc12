import { clone, create, equals } from '@bufbuild/protobuf';
import {
  type TouchedViews,
  TouchedViewsSchema,
  type User,
  UserSchema,
  UserView,
} from '@rollcall/contract/user';
import { etagOf, toView } from './views.ts';

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
