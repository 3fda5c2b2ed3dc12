import { type SourceStatistics, sumStatistics } from '../../users/statistics.ts';
import type { ProfileJson, User, UserRole, UserState, UserView } from '../../users/user.ts';
import type { ContactSeal } from './contact-seal.ts';

/**
 * A row of `user_statistics` as JSON. Numbers that JSON cannot hold are text; times are milliseconds since
 * 1970.
 */
export interface StatisticsJson {
  readonly source: string;
  readonly revision: string;
  readonly bookings: string;
  readonly spent: readonly { readonly currencyCode: string; readonly minorUnits: string }[];
  readonly first: number | null;
  readonly last: number | null;
  readonly active: number | null;
  readonly rating: number;
  readonly reviews: number;
}

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`;

/** SQL expression that selects a `StatisticsJson`. */
export const STATISTICS_JSON = `jsonb_build_object('source', source, 'revision', revision::text,
  'bookings', total_bookings::text, 'spent', total_spent, 'first', ${ms('first_booking_time')},
  'last', ${ms('last_booking_time')}, 'active', ${ms('last_activity_time')}, 'rating', average_rating, 'reviews', total_reviews)`;

/** The statistics that one service reported. */
export function statisticsFromJson(row: StatisticsJson): SourceStatistics {
  const time = (at: number | null) => (at === null ? null : new Date(at));
  return {
    source: row.source,
    revision: BigInt(row.revision),
    totalBookings: BigInt(row.bookings),
    totalSpent: row.spent.map(({ currencyCode, minorUnits }) => ({
      currencyCode,
      minorUnits: BigInt(minorUnits),
    })),
    firstBookingTime: time(row.first),
    lastBookingTime: time(row.last),
    lastActivityTime: time(row.active),
    averageRating: row.rating,
    totalReviews: row.reviews,
  };
}

/**
 * A row as the prepared statements select it: contact columns from the BASIC view on, `profile` in the FULL
 * view.
 */
export interface SelectedRow {
  tenant_id: string;
  id: string;
  version: string;
  state: UserState;
  role: UserRole;
  first_name: string;
  last_name: string;
  display_name: string;
  profile_image: string;
  business_name: string;
  create_time: Date;
  update_time: Date;
  delete_time: Date | null;
  /** The user that this one was merged into; null when it is not merged. */
  merged_into: string | null;
  average_rating: number;
  total_reviews: number;
  email_sealed: Buffer | null;
  phone_sealed: Buffer | null;
  profile: ProfileJson | null;
  tags: string[] | null;
  statistics: StatisticsJson[] | null;
}

const REFERENCE_COLUMNS = `u.tenant_id, u.id, u.version, u.state, u.role, u.first_name, u.last_name, u.display_name,
  u.profile_image, u.business_name, u.average_rating, u.total_reviews, u.create_time, u.update_time, u.delete_time, u.merged_into`;
const BASIC_COLUMNS = `${REFERENCE_COLUMNS}, u.email_sealed, u.phone_sealed`;

/**
 * SQL expression for the ids of a merge group: the user and all users merged into it. Cheap without merges.
 */
export function mergeGroupOf(tenantId: string, id: string): string {
  return `(case when exists (select 1 from users where tenant_id = ${tenantId} and merged_into = ${id}) then array(
    with recursive family as (
      select ${id} as id
      union all
      select m.id from family f join users m on m.tenant_id = ${tenantId} and m.merged_into = f.id
    ) select id from family) else array[${id}] end)`;
}

const OF_USER = 'tenant_id = u.tenant_id and user_id = u.id';
const TAGS = `(select array_agg(tag order by position, tag) from user_tags where ${OF_USER})`;
const STATISTICS = `(select jsonb_agg(${STATISTICS_JSON} order by source) from user_statistics
  where tenant_id = u.tenant_id and user_id = any(${mergeGroupOf('u.tenant_id', 'u.id')}))`;

const COLUMNS: Readonly<Record<UserView, string>> = {
  REFERENCE: REFERENCE_COLUMNS,
  BASIC: BASIC_COLUMNS,
  FULL: `${BASIC_COLUMNS}, p.profile, ${TAGS} as tags, ${STATISTICS} as statistics`,
};

const FROM_FULL = `from users u left join user_profiles p on p.tenant_id = u.tenant_id and p.user_id = u.id`;

/**
 * `select` and `from` of a statement that reads users in a view.
 * @param others more columns of `u` to select.
 */
export function selectOf(view: UserView, others: readonly string[] = []): string {
  const columns = [COLUMNS[view], ...others].join(', ');
  return `select ${columns} ${view === 'FULL' ? FROM_FULL : 'from users u'}`;
}

/**
 * Maps a selected row to a user of the domain, and opens contact data where the view holds them.
 * @throws SealingError when a key is unknown or a value was altered or moved.
 */
export function userFromRow(row: SelectedRow, view: UserView, seal: ContactSeal): User {
  const reference = {
    tenantId: row.tenant_id,
    id: row.id,
    version: BigInt(row.version),
    state: row.state,
    role: row.role,
    firstName: row.first_name,
    lastName: row.last_name,
    displayName: row.display_name,
    profileImage: row.profile_image,
    businessName: row.business_name,
    averageRating: row.average_rating,
    totalReviews: row.total_reviews,
    createTime: row.create_time,
    updateTime: row.update_time,
    deleteTime: row.delete_time,
  };
  if (view === 'REFERENCE') return reference;
  const contact = seal.open(row, reference);
  return view === 'BASIC' ? { ...reference, contact } : { ...reference, contact, ...fullViewOf(row) };
}

/** The fields that only the FULL view holds. */
function fullViewOf({ profile, tags, statistics }: SelectedRow) {
  return {
    profile: profile ?? {},
    tags: tags ?? [],
    statistics: sumStatistics((statistics ?? []).map(statisticsFromJson)),
  };
}
