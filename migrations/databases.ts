import type { MigrationObject } from '@mikro-orm/core';
import { searchMigration } from './auth/2026-11-20-search.ts';
import { userChangesMigration } from './auth/2026-11-20-user-changes.ts';
import { usersMigration } from './auth/2026-11-20-users.ts';
import { bookingsMigration } from './booking/2026-11-20-bookings.ts';

/** A database that has a schema, and the migrations that make it, in order. */
export interface MigratedDatabase {
  /** The environment variable that says where the database is. */
  readonly variable: string;
  readonly migrations: readonly MigrationObject[];
}

/** Every service's own database, by the service's name. */
export const DATABASES: Readonly<Record<string, MigratedDatabase>> = {
  auth: { variable: 'AUTH_DATABASE_URL', migrations: [usersMigration, userChangesMigration, searchMigration] },
  booking: {
    variable: 'BOOKING_DATABASE_URL',
    migrations: [bookingsMigration],
  },
};
