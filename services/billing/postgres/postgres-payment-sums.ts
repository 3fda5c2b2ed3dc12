import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { PaymentSums } from '../effects/payment-sums.ts';

/** What payments come to, by prepared statements. */
export function createPostgresPaymentSums(pool: Pool): PaymentSums {
  return {
    async ofUser(tenantId, userId) {
      const rows = await runPrepared<UserRow>(pool, OF_USER, [tenantId, userId]);
      const totalSpent = rows.map(({ currency: currencyCode, spent }) => {
        return { currencyCode, minorUnits: BigInt(spent) };
      });
      const last = rows.reduce<Date | undefined>((a, { last: b }) => (a && a > b ? a : b), undefined);
      return { totalSpent, ...(last && { lastActivityTime: last }) };
    },
    async ofBooking({ tenantId, bookingId }) {
      const [row] = await runPrepared<BookingRow>(pool, OF_BOOKING, [tenantId, bookingId]);
      if (!row) return undefined;
      const { currency: currencyCode, captured, refunded } = row;
      return {
        paid: { currencyCode, minorUnits: BigInt(captured) },
        refunded: { currencyCode, minorUnits: BigInt(refunded) },
      };
    },
    async takeRevision({ tenantId, bookingId }) {
      const [row] = await runPrepared<{ revision: string }>(pool, TAKE, [tenantId, bookingId]);
      return BigInt(row?.revision ?? 0);
    },
  };
}

interface UserRow {
  currency: string;
  spent: string;
  last: Date;
}

interface BookingRow {
  currency: string;
  captured: string;
  refunded: string;
}

const OF_USER = {
  name: 'sums_of_user',
  text: `select currency, sum(captured - refunded)::text as spent, max(create_time) as last from payments
    where tenant_id = $1 and user_id = $2 and captured > 0 group by currency order by currency`,
};

const OF_BOOKING = {
  name: 'sums_of_booking',
  text: `select currency, sum(captured)::text as captured, sum(refunded)::text as refunded from payments
    where tenant_id = $1 and booking_id = $2 and captured > 0
    group by currency order by min(create_time), currency limit 1`,
};

// As with figures about users: it follows the clock, so that a database that was set back is not behind who was told.
const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

const TAKE = {
  name: 'booking_revision_take',
  text: `insert into told_bookings as told (tenant_id, booking_id, revision) values ($1, $2, ${NOW})
    on conflict (tenant_id, booking_id) do update set revision = greatest(told.revision + 1, excluded.revision)
    returning revision::text`,
};
