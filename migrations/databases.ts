import { optional, type Settings } from '@rollcall/runtime';
import { keysSetting } from '@rollcall/runtime/sealing';
import { type DatabaseMigration, readMigrations } from './lib/migrations.ts';
import type { ServiceRights } from './lib/service-rights.ts';

/** Keys for migrations that convert sealed data. A database without contact data needs none. */
export const KEY_SETTINGS = {
  encryptionKeys: optional(
    keysSetting({ variable: 'AUTH_ENCRYPTION_KEYS', doc: 'as the auth service has them' }),
  ),
  indexKeys: optional(keysSetting({ variable: 'AUTH_INDEX_KEYS', doc: 'as the auth service has them' })),
} as const satisfies Settings;

/** A separate role that owns the tables of a service. */
export interface DatabaseOwner {
  /**
   * Variable for the database itself, past any pooler, as that role. When it is unset, the service owns the
   * tables.
   */
  readonly variable: string;
  /** Rights of the service. */
  readonly rights: ServiceRights;
}

/** A database with a schema. */
export interface MigratedDatabase {
  /** Environment variable that names the database. */
  readonly variable: string;
  /** Longest statement of the service behind a pooler, in milliseconds. */
  readonly statementTimeoutMs: number;
  /** Absent when the service owns the tables. */
  readonly owner?: DatabaseOwner;
  readonly migrations: readonly DatabaseMigration[];
  /** Whether its service has an outbox. @defaultValue false */
  readonly hasOutbox?: boolean;
}

/** Databases of all services, by the name of the service. */
export const DATABASES: Readonly<Record<string, MigratedDatabase>> = {
  auth: {
    variable: 'AUTH_DATABASE_URL',
    statementTimeoutMs: 3000,
    owner: {
      variable: 'AUTH_DATABASE_OWNER_URL',
      rights: {
        readOnly: [
          'audit_log',
          'audit_head',
          'audit_central',
          'audit_central_head',
          'audit_chains',
          'audit_batches',
        ],
        execute: [
          'audit_append(text[])',
          'audit_open(text, bigint, integer, bytea, text)',
          'audit_extend(bigint, integer, bytea, bytea)',
          'audit_note(bigint)',
          'audit_close(bigint)',
          'audit_look_after()',
        ],
      },
    },
    migrations: await readMigrations(new URL('./auth/', import.meta.url)),
  },
  booking: {
    variable: 'BOOKING_DATABASE_URL',
    statementTimeoutMs: 5000,
    migrations: await readMigrations(new URL('./booking/', import.meta.url)),
    hasOutbox: true,
  },
  vendor: {
    variable: 'VENDOR_DATABASE_URL',
    statementTimeoutMs: 5000,
    migrations: await readMigrations(new URL('./vendor/', import.meta.url)),
    hasOutbox: true,
  },
  billing: {
    variable: 'BILLING_DATABASE_URL',
    statementTimeoutMs: 5000,
    migrations: await readMigrations(new URL('./billing/', import.meta.url)),
    hasOutbox: true,
  },
};
