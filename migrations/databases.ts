import { optional, type Settings } from '@rollcall/runtime';
import { keysSetting } from '@rollcall/runtime/sealing';
import { callersMigration } from './auth/2026-11-20-callers.ts';
import { mergesMigration } from './auth/2026-11-20-merges.ts';
import { peopleMigration } from './auth/2026-11-20-people.ts';
import { renamesMigration } from './auth/2026-11-20-renames.ts';
import { rotatedTablesMigration } from './auth/2026-11-20-rotated-tables.ts';
import { sealContactMigration } from './auth/2026-11-20-seal-contact.ts';
import { searchMigration } from './auth/2026-11-20-search.ts';
import { userChangesMigration } from './auth/2026-11-20-user-changes.ts';
import { userRecordsMigration } from './auth/2026-11-20-user-records.ts';
import { usersMigration } from './auth/2026-11-20-users.ts';
import { bookingsMigration } from './booking/2026-11-20-bookings.ts';
import type { DatabaseMigration } from './keyed-migration.ts';

/** Keys for migrations that convert what is sealed. A database without contact data needs none. */
export const KEY_SETTINGS = {
  encryptionKeys: optional(
    keysSetting({ variable: 'AUTH_ENCRYPTION_KEYS', doc: 'as the auth service has them' }),
  ),
  indexKeys: optional(keysSetting({ variable: 'AUTH_INDEX_KEYS', doc: 'as the auth service has them' })),
} as const satisfies Settings;

/** A database that has a schema, and the migrations that make it, in order. */
export interface MigratedDatabase {
  /** The environment variable that says where the database is. */
  readonly variable: string;
  readonly migrations: readonly DatabaseMigration[];
}

/** Every service's own database, by the service's name. */
export const DATABASES: Readonly<Record<string, MigratedDatabase>> = {
  auth: {
    variable: 'AUTH_DATABASE_URL',
    migrations: [
      usersMigration,
      userChangesMigration,
      sealContactMigration,
      userRecordsMigration,
      peopleMigration,
      callersMigration,
      rotatedTablesMigration,
      searchMigration,
      mergesMigration,
      renamesMigration,
    ],
  },
  booking: {
    variable: 'BOOKING_DATABASE_URL',
    migrations: [bookingsMigration],
  },
};
