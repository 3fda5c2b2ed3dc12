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
import { auditChainsMigration } from './auth/2026-12-01-audit-chains.ts';
import { feedLineMigration } from './auth/2026-12-01-feed-line.ts';
import { pooledFeedMigration } from './auth/2026-12-01-pooled-feed.ts';
import { touchedViewsMigration } from './auth/2026-12-01-touched-views.ts';
import { erasuresMigration } from './auth/2026-12-02-erasures.ts';
import { foldedNamesMigration } from './auth/2026-12-02-folded-names.ts';
import { lastMomentsMigration } from './auth/2026-12-02-last-moments.ts';
import { moreFoldedLettersMigration } from './auth/2026-12-02-more-folded-letters.ts';
import { phoneKeysMigration } from './auth/2026-12-02-phone-keys.ts';
import { billingMigration } from './billing/2026-11-20-billing.ts';
import { paymentsMigration } from './billing/2026-11-20-payments.ts';
import { stripeCallsMigration } from './billing/2026-11-20-stripe-calls.ts';
import { stripeOriginsMigration } from './billing/2026-12-01-stripe-origins.ts';
import { eventEnvelopesMigration } from './billing/2026-12-02-event-envelopes.ts';
import { fractionalPaymentsMigration } from './billing/2026-12-02-fractional-payments.ts';
import { moneyWithoutIntentsMigration } from './billing/2026-12-02-money-without-intents.ts';
import { refundsByChargeMigration } from './billing/2026-12-02-refunds-by-charge.ts';
import { stripeUnitsMigration } from './billing/2026-12-02-stripe-units.ts';
import { subscriptionEndsMigration } from './billing/2026-12-02-subscription-ends.ts';
import { bookingMoneyMigration } from './booking/2026-11-20-booking-money.ts';
import { bookingsMigration } from './booking/2026-11-20-bookings.ts';
import { petsAndReviewsMigration } from './booking/2026-11-20-pets-and-reviews.ts';
import { activityTimesMigration } from './booking/2026-12-02-activity-times.ts';
import { madeByRequestIndexMigration } from './booking/2026-12-02-made-by-request-index.ts';
import { otherPaymentsMigration } from './booking/2026-12-02-other-payments.ts';
import type { DatabaseMigration } from './lib/keyed-migration.ts';
import type { ServiceRights } from './lib/service-rights.ts';
import { erasedUsersMigration, userAccessMigration } from './lib/user-access.ts';
import { vendorsMigration } from './vendor/2026-11-20-vendors.ts';

/** Keys for migrations that convert what is sealed. A database without contact data needs none. */
export const KEY_SETTINGS = {
  encryptionKeys: optional(
    keysSetting({ variable: 'AUTH_ENCRYPTION_KEYS', doc: 'as the auth service has them' }),
  ),
  indexKeys: optional(keysSetting({ variable: 'AUTH_INDEX_KEYS', doc: 'as the auth service has them' })),
} as const satisfies Settings;

/** A role that owns the tables of a service. */
export interface DatabaseOwner {
  /** The variable that leads to the database itself, past any pooler, as that role. Unset: the service's role owns the tables. */
  readonly variable: string;
  /** What the service's role may do. */
  readonly rights: ServiceRights;
}

/** A database that has a schema, and the migrations that make it, in order. */
export interface MigratedDatabase {
  /** The environment variable that says where the database is. */
  readonly variable: string;
  /** The longest that a statement of its service may run, in milliseconds, where a pooler is in front of it. */
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
      feedLineMigration,
      pooledFeedMigration,
      auditChainsMigration,
      touchedViewsMigration,
      phoneKeysMigration,
      erasuresMigration,
      foldedNamesMigration,
      lastMomentsMigration,
      moreFoldedLettersMigration,
    ],
  },
  booking: {
    variable: 'BOOKING_DATABASE_URL',
    statementTimeoutMs: 5000,
    migrations: [
      bookingsMigration,
      bookingMoneyMigration,
      petsAndReviewsMigration,
      userAccessMigration('booking'),
      otherPaymentsMigration,
      activityTimesMigration,
      madeByRequestIndexMigration,
      erasedUsersMigration('booking'),
    ],
    hasOutbox: true,
  },
  vendor: {
    variable: 'VENDOR_DATABASE_URL',
    statementTimeoutMs: 5000,
    migrations: [vendorsMigration, userAccessMigration('vendor'), erasedUsersMigration('vendor')],
    hasOutbox: true,
  },
  billing: {
    variable: 'BILLING_DATABASE_URL',
    statementTimeoutMs: 5000,
    migrations: [
      billingMigration,
      paymentsMigration,
      stripeCallsMigration,
      userAccessMigration('billing'),
      stripeOriginsMigration,
      eventEnvelopesMigration,
      subscriptionEndsMigration,
      refundsByChargeMigration,
      stripeUnitsMigration,
      moneyWithoutIntentsMigration,
      erasedUsersMigration('billing'),
      fractionalPaymentsMigration,
    ],
    hasOutbox: true,
  },
};
