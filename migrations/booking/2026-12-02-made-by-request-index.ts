import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from '../lib/sql-migration.ts';

/** Finds the requests that made pets and reviews by what they made: the digest of what was asked goes with its user. */
export const madeByRequestIndexMigration: MigrationObject = sqlMigration('2026-12-02-made-by-request-index', {
  up: [`create index made_by_request_made on made_by_request (tenant_id, made_id)`],
  down: [`drop index made_by_request_made`],
});
