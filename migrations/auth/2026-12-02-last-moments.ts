import { sqlMigration } from '../lib/sql-migration.ts';

/** The last moment that an answer can tell: a Timestamp ends with the year 9999. */
const LAST = `timestamptz '9999-12-31 23:59:59.999+00'`;

const cut = (table: string, columns: readonly string[]) =>
  `update ${table} set ${columns.map((column) => `${column} = case when ${column} > ${LAST} then ${LAST} else ${column} end`).join(', ')}
    where ${columns.map((column) => `${column} > ${LAST}`).join(' or ')}`;

/**
 * Moments of the year 10000, which were rounded up from the last of the year before, become its last millisecond. A user who
 * has one could not be read in the FULL view.
 */
export const lastMomentsMigration = sqlMigration('2026-12-02-last-moments', {
  up: [
    cut('user_statistics', ['first_booking_time', 'last_booking_time', 'last_activity_time']),
    cut('users', ['last_activity_time']),
    cut('user_activities', ['time']),
  ],
  down: [],
});
