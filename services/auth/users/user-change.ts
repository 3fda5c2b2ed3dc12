import { isDeepStrictEqual } from 'node:util';
import type { User, UserContact, UserView } from './user.ts';

/** What happened to a user. */
export type UserChangeKind =
  | 'CREATED'
  | 'UPDATED'
  | 'DELETED'
  | 'UNDELETED'
  | 'ERASED'
  | 'MERGED'
  | 'UNMERGED';

/** One version of one user, as it is announced. Holds no contact data. */
export interface UserChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly kind: UserChangeKind;
  /** In which views it shows, and the user's time of change since. Absent: not told, and every view may show it. */
  readonly touched?: (TouchedViews & { readonly updateTime: Date }) | undefined;
}

/** In which views a change shows. Each view shows what a smaller one shows, so the smallest says which. */
export interface TouchedViews {
  /** The smallest view that shows a change of more than figures; null: none does. */
  readonly content: UserView | null;
  /** The smallest view that shows a change of ratings or statistics; null: none does. */
  readonly figures: UserView | null;
}

/** Every view, smallest first. */
export const VIEWS: readonly UserView[] = ['REFERENCE', 'BASIC', 'FULL'];

/** A field of a user, and of what the larger views add to it. */
export type UserField = Exclude<keyof User, 'contact'> | keyof UserContact;

/** The smallest view that shows a field, and what a change of it is: `version` fields differ after every change. */
interface ShownField {
  readonly view: UserView;
  readonly kind: 'content' | 'figures' | 'version';
}

const content = (view: UserView): ShownField => ({ view, kind: 'content' });
const figures = (view: UserView): ShownField => ({ view, kind: 'figures' });
const version = (view: UserView): ShownField => ({ view, kind: 'version' });

/** Which view shows which field. A new field does not compile until it stands here. */
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

/** All of a user: it came to be, is gone, or is answered by another one. */
export const ALL_TOUCHED: TouchedViews = touchedBy(FIELDS);

/** The views in which two states of a user differ, both read in full. */
export function touchedBetween(before: User, after: User): TouchedViews {
  const [one, other] = [flat(before), flat(after)];
  return touchedBy(FIELDS.filter((field) => !isDeepStrictEqual(one[field], other[field])));
}

/** The same views, and those that show ratings and statistics. */
export function withFigures(touched: TouchedViews): TouchedViews {
  return { ...touched, figures: touchedBy(['averageRating', 'statistics']).figures };
}

function flat({ contact, ...user }: User): Partial<Record<UserField, unknown>> {
  return { ...user, ...contact };
}
