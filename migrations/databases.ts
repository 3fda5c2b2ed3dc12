import { optional, type Settings } from '@rollcall/runtime';
import { keysSetting } from '@rollcall/runtime/sealing';
import { type DatabaseMigration, readMigrations } from './lib/migrations.ts';
import type { ServiceRights } from './lib/service-rights.ts';

/** Keys for migrations that convert what is sealed. A database without contact data needs none. */
export const KEY_SETTINGS = {
  encryptionKeys: optional(
    keysSetting({ variable: 'AUTH_ENCRYPTION_KEYS', doc: 'as the auth service has them' }),
  ),
  indexKeys: optional(keysSetting({ variable: 'AUTH_INDEX_KEYS', doc: 'as the auth service has them' })),
} as const satisfies Settings;

/** A role that owns the tables of a service. */
export interface DatabaseOwner {
  /**
   * The variable that leads to the database itself, past any pooler, as that role. Unset: the service's role
   * owns the tables.
   */
  readonly variable: string;
  /** What the service's role may do. */
  readonly rights: ServiceRights;
}

/** A database that has a schema, and the migrations that make it, in order. */
export interface MigratedDatabase {
  /** The environment variable that says where the database is. */
  readonly variable: string;
  /**
   * The longest that a statement of its service may run, in milliseconds, where a pooler is in front of it.
   */
  readonly statementTimeoutMs: number;
  /** Absent: the service's role owns the tables. */
  readonly owner?: DatabaseOwner;
  readonly migrations: readonly DatabaseMigration[];
  /** Whether its service does things after its transactions. Default false. */
  readonly hasOutbox?: boolean;
}

/** Every service's own database, by the service's name. */
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
