import { phoneKey } from '@rollcall/contract/phone';
import type { Keyring } from '@rollcall/runtime/sealing';
import type { CopyValue } from './binary-values.ts';
import type { SeedUser } from './seed-user.ts';

/** A row in the order of the columns below. */
export type Row = readonly CopyValue[];

/** Table and columns of users. */
export const USERS = `users (tenant_id, id, version, state, role, first_name, last_name, display_name, business_name,
  average_rating, total_reviews, create_time, update_time, delete_time, last_activity_time,
  email_sealed, email_key, email_base_key, phone_sealed, phone_key)`;

/** Tables and columns beside `users`, in the order of writing. */
export const BESIDE_USERS = {
  profiles: 'user_profiles (tenant_id, user_id, profile)',
  tags: 'user_tags (tenant_id, user_id, tag, position)',
  statistics: `user_statistics (tenant_id, user_id, source, revision, total_bookings, total_spent, first_booking_time,
    last_booking_time, last_activity_time, average_rating, total_reviews)`,
  changes: 'user_changes (tenant_id, user_id, version, kind)',
} as const;

/** Rows for each of those tables. */
export type RowsBeside = { readonly [table in keyof typeof BESIDE_USERS]: Row[] };

/** Returns empty lists for a batch. */
export const noRows = (): RowsBeside => ({ profiles: [], tags: [], statistics: [], changes: [] });

/** Adds the rows of a user in other tables: profile, tags, statistics, and the change for the feed. */
export function addRowsBeside(rows: RowsBeside, tenantId: string, user: SeedUser): void {
  const { id, profile, tags, createTime, lastActivityTime, totalBookings } = user;
  if (profile) rows.profiles.push([tenantId, id, JSON.stringify(profile)]);
  tags.forEach((tag, i) => {
    rows.tags.push([tenantId, id, tag, i + 1]);
  });
  if (lastActivityTime) {
    const times = [createTime, lastActivityTime, lastActivityTime];
    rows.statistics.push([tenantId, id, 'sample', 1, totalBookings, '[]', ...times, 0, 0]);
  }
  rows.changes.push([tenantId, id, 1, 'CREATED']);
}

/**
 * Creates a function that maps a user to a row of `users`. Contact data are sealed as the auth service seals
 * them.
 */
export function userRowMaker(keyring: Keyring, tenantId: string): (user: SeedUser) => Row {
  const place = (column: string) => ({ tenantId, table: 'users', column });
  return (user) => {
    const { id, phone } = user;
    const email = user.email.toLowerCase();
    return [
      tenantId,
      id,
      1,
      user.state,
      user.role,
      user.firstName,
      user.lastName,
      user.displayName,
      user.businessName,
      user.averageRating,
      user.totalReviews,
      user.createTime,
      user.updateTime,
      user.deleteTime,
      user.lastActivityTime,
      keyring.seal(user.email, { ...place('email_sealed'), rowId: id }),
      keyring.blindIndex(email, place('email_key')),
      keyring.blindIndex(email.replace(/\+[^@]*/, ''), place('email_base_key')),
      keyring.seal(phone, { ...place('phone_sealed'), rowId: id }),
      keyring.blindIndex(phoneKey(phone) ?? '', place('phone_key')),
    ];
  };
}
