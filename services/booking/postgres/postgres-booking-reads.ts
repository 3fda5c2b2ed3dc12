import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { BookingReads } from '../bookings/booking-reads.ts';
import { listStatement } from './booking-list-statement.ts';
import { bookingFromRow, COLUMNS_BY_VIEW, type SelectedRow } from './booking-row.ts';

/**
 * Reads by named prepared statements: each is planned once per connection, which measured several times faster than
 * reading through the mapper.
 */
export function createPostgresBookingReads(pool: Pool): BookingReads {
  return {
    async find(tenantId, id, view) {
      const [row] = await runPrepared<SelectedRow>(pool, FIND[view], [tenantId, id]);
      return row && bookingFromRow(row, view);
    },
    async list(list) {
      const { values, ...statement } = listStatement(list);
      const rows = await runPrepared<SelectedRow>(pool, statement, values);
      return rows.map((row) => bookingFromRow(row, list.view));
    },
  };
}

const WHERE = 'from bookings b where b.tenant_id = $1 and b.id = $2';

const FIND = {
  BASIC: { name: 'booking_basic', text: `select ${COLUMNS_BY_VIEW.BASIC} ${WHERE}` },
  FULL: { name: 'booking_full', text: `select ${COLUMNS_BY_VIEW.FULL} ${WHERE}` },
};
