import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from '../lib/sql-migration.ts';

// When the jobs are done: by then no process of the code before is left, which took these amounts for minor units.
const LATER = `now() + interval '15 minutes'`;

const retell = (task: string, payload: string, from: string) => `
  perform outbox.add_jobs(coalesce(json_agg(json_build_object('task', '${task}', 'payload', ${payload},
      'key', '${task}:' || key, 'run_at', ${LATER}, 'max_attempts', 12)), '[]'))
    from (${from}) as told;`;

/**
 * Amounts of payments stay as Stripe counts them, which is not ISO 4217's way for ISK, UGX and MGA. The index holds payments
 * that minor units cannot say. What was told of payments in these currencies, or in several, is told again: it was taken for
 * minor units, or left out. A database without an outbox yet has no payments.
 */
export const stripeUnitsMigration: MigrationObject = sqlMigration('2026-12-02-stripe-units', {
  up: [
    `create index payments_fractional on payments (id)
      where currency in ('ISK', 'UGX') and (amount % 100 <> 0 or captured % 100 <> 0 or refunded % 100 <> 0)`,
    `do $$ begin
      if to_regprocedure('outbox.add_jobs(json)') is null then return; end if;
      ${retell(
        'booking.payment',
        `json_build_object('tenantId', tenant_id, 'bookingId', booking_id)`,
        `select tenant_id, booking_id, tenant_id || '/' || booking_id as key from payments
          where booking_id is not null and captured > 0 group by tenant_id, booking_id
          having bool_or(currency in ('ISK', 'UGX', 'MGA')) or count(distinct currency) > 1`,
      )}
      ${retell(
        'user.statistics',
        `json_build_object('tenantId', tenant_id, 'userId', user_id)`,
        `select tenant_id, user_id, tenant_id || '/' || user_id as key from payments
          where user_id is not null and captured > 0 group by tenant_id, user_id
          having bool_or(currency in ('ISK', 'UGX', 'MGA'))`,
      )}
    end $$`,
  ],
  down: [`drop index payments_fractional`],
});
