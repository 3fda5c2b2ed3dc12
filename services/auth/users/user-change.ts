import { isDeepStrictEqual } from 'node:util';
import type { User, UserContact, UserView } from './user.ts';

/** The kind of a change. */
export type UserChangeKind =
  | 'CREATED'
  | 'UPDATED'
  | 'DELETED'
  | 'UNDELETED'
  | 'ERASED'
  | 'MERGED'
  | 'UNMERGED';

/** A new version of one user, as the feed sends it. Holds no contact data. */
export interface UserChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly kind: UserChangeKind;
  /**
   * The views that show the change, and the user's update time. Absent: unknown, so every view may show it.
   */
  readonly touched?: (TouchedViews & { readonly updateTime: Date }) | undefined;
}

/**
 * The views that show a change. Each view includes the smaller ones, so the smallest view identifies them
 * all.
 */
export interface TouchedViews {
  /** The smallest view that shows a change of anything but figures; null when no view does. */
  readonly content: UserView | null;
  /** The smallest view that shows a change of ratings or statistics; null when no view does. */
  readonly figures: UserView | null;
}

/** All views, smallest first. */
export const VIEWS: readonly UserView[] = ['REFERENCE', 'BASIC', 'FULL'];

/** A field of a user, including those of larger views. */
export type UserField = Exclude<keyof User, 'contact'> | keyof UserContact;

/** The smallest view that shows a field, and its kind. Fields of kind `version` differ after every change. */
interface ShownField {
  readonly view: UserView;
  readonly kind: 'content' | 'figures' | 'version';
}

const content = (view: UserView): ShownField => ({ view, kind: 'content' });
const figures = (view: UserView): ShownField => ({ view, kind: 'figures' });
const version = (view: UserView): ShownField => ({ view, kind: 'version' });

/** The view of each field. A new field does not compile until it is added here. */
export const SHOWN_FIELDS: Readonly<Record<UserField, ShownField>> = {
  tenantId: content('REFERENCE'),
  id: content('REFERENCE'),
  version: version('REFERENCE'),
  state: content('REFERENCE'),
  role: content('REFERENCE'),
  firstName: content('REFERENCE'),
  lastName: content('REFERENCE'),
  displayName: content('REFERENCE'),
  profileImage: content('REFERENCE'),
  businessName: content('REFERENCE'),
  averageRating: figures('REFERENCE'),
  totalReviews: figures('REFERENCE'),
  createTime: content('REFERENCE'),
  updateTime: version('REFERENCE'),
  deleteTime: content('REFERENCE'),
  email: content('BASIC'),
  phone: content('BASIC'),
  profile: content('FULL'),
  tags: content('FULL'),
  statistics: figures('FULL'),
};

const FIELDS = Object.keys(SHOWN_FIELDS) as UserField[];

/** The views that show a change of these fields. */
export function touchedBy(fields: readonly UserField[]): TouchedViews {
  const smallest = (kind: ShownField['kind']) => {
    const shown = fields.map((field) => SHOWN_FIELDS[field]).filter((field) => field.kind === kind);
    return VIEWS.find((view) => shown.some((field) => field.view === view)) ?? null;
  };
  return { content: smallest('content'), figures: smallest('figures') };
}

/** The views that show a user that was created, erased, merged or unmerged. */
export const ALL_TOUCHED: TouchedViews = touchedBy(FIELDS);

/** The views in which two states of a full user differ. */
export function touchedBetween(before: User, after: User): TouchedViews {
  const [one, other] = [flat(before), flat(after)];
  return touchedBy(FIELDS.filter((field) => !isDeepStrictEqual(one[field], other[field])));
}

/** Adds the views that show ratings and statistics. */
export function withFigures(touched: TouchedViews): TouchedViews {
  return { ...touched, figures: touchedBy(['averageRating', 'statistics']).figures };
}

function flat({ contact, ...user }: User): Partial<Record<UserField, unknown>> {
  return { ...user, ...contact };
}
