import { currencyOf } from '@rollcall/contract/currencies';
import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import { DEFAULT_SCOPE, type LedgerScope } from '../ledger/origin.ts';
import { fromStripeAmount } from '../money.ts';
import type { BookingSum, PaymentSums } from '../outbox/booking-payments.ts';

/**
 * Sums payments by prepared statements.
 * @param scope the mode and the account whose payments count. @defaultValue test mode without an account
 */
export function createPostgresPaymentSums(pool: Pool, scope: LedgerScope = DEFAULT_SCOPE): PaymentSums {
  const counted = [scope.livemode, scope.account ?? null];
  return {
    async ofUser(tenantId, userId) {
      const rows = await runPrepared<UserRow>(pool, OF_USER, [tenantId, userId, ...counted]);
      const totalSpent = rows
        .filter(({ currency }) => currencyOf(currency))
        .map(({ currency, spent }) => fromStripeAmount(currency, BigInt(spent)));
      const last = rows.reduce<Date | undefined>((a, { last: b }) => (a && a > b ? a : b), undefined);
      return { totalSpent, ...(last && { lastActivityTime: last }) };
    },
    async ofBooking({ tenantId, bookingId }) {
      const rows = await runPrepared<BookingRow>(pool, OF_BOOKING, [tenantId, bookingId, ...counted]);
      return rows.filter(({ currency }) => currencyOf(currency)).map(toBookingMoney);
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
  last: Date | null;
}

// Both are rounded down. A remaining fraction must not look like a full refund.
function toBookingMoney({ currency, captured, refunded, last }: BookingRow): BookingSum {
  const paid = fromStripeAmount(currency, BigInt(captured));
  const back = fromStripeAmount(currency, BigInt(refunded));
  const isAll = captured === refunded || back.minorUnits < paid.minorUnits || paid.minorUnits === 0n;
  return {
    ...(last && { time: last }),
    paid,
    refunded: isAll ? back : { ...paid, minorUnits: paid.minorUnits - 1n },
  };
}

// Rows without a mode or account belong to the ledger's own.
const COUNTED = `captured > 0 and (livemode is null or livemode = $3)
      and (stripe_account is null or stripe_account = $4)`;

const OF_USER = {
  name: 'sums_of_user',
  text: `select currency, sum(captured - refunded)::text as spent, 
      max(greatest(create_time, capture_time, refund_time)) as last from payments
    where tenant_id = $1 and user_id = $2 and ${COUNTED} group by currency order by currency`,
};

const OF_BOOKING = {
  name: 'sums_of_booking',
  text: `select currency, sum(captured)::text as captured, sum(refunded)::text as refunded,
      max(greatest(capture_time, refund_time)) as last from payments
    where tenant_id = $1 and booking_id = $2 and ${COUNTED}
    group by currency order by min(create_time), currency`,
};

// A revision follows the clock, so that a restored database does not fall behind the receiver.
const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

const TAKE = {
  name: 'booking_revision_take',
  text: `insert into told_bookings as told (tenant_id, booking_id, revision) values ($1, $2, ${NOW})
    on conflict (tenant_id, booking_id) do update set revision = greatest(told.revision + 1, excluded.revision)
    returning revision::text`,
};
