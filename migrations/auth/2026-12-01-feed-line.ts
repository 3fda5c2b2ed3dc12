import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from '../lib/sql-migration.ts';

/** The change feed's row says which feed the database holds, so that a replica shows whether it follows it. */
export const feedLineMigration: MigrationObject = sqlMigration('2026-12-01-feed-line', {
  up: [
    `alter table user_change_feed add column line text`,
    `comment on column user_change_feed.line is 'identity of the feed, written by the auth service when it first reads it'`,
  ],
  down: [`alter table user_change_feed drop column line`],
});
