import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from '../lib/sql-migration.ts';

const FRACTIONAL = `currency in ('ISK', 'UGX') and (amount % 100 <> 0 or captured % 100 <> 0 or refunded % 100 <> 0)`;

/**
 * Whether minor units cannot say a payment is a column of its own. An index whose condition names the amounts has every change of
 * them written to all indexes of the table (no heap-only update), though the condition holds of no row before or after.
 */
export const fractionalPaymentsMigration: MigrationObject = sqlMigration('2026-12-02-fractional-payments', {
  up: [
    `drop index payments_fractional`,
    `alter table payments add column fractional boolean not null generated always as (${FRACTIONAL}) stored`,
    `create index payments_fractional on payments (id) where fractional`,
  ],
  down: [
    `alter table payments drop column fractional`,
    `create index payments_fractional on payments (id) where ${FRACTIONAL}`,
  ],
});
