import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from '../lib/sql-migration.ts';

/** When something last happened to a booking, by whoever saw it; null: at `update_time`, when it was recorded. */
export const activityTimesMigration: MigrationObject = sqlMigration('2026-12-02-activity-times', {
  up: [`alter table bookings add column activity_time timestamptz(3)`],
  down: [`alter table bookings drop column activity_time`],
});
