import type { Pool } from '@rollcall/runtime/postgres';
import type { BookingView } from '../bookings/booking.ts';
import type { BookingReads } from '../bookings/booking-reads.ts';
import { bookingFromRow, SELECT_BY_VIEW, type SelectedRow } from './booking-from-row.ts';

/**
 * Reads by named prepared statements: each is planned once per connection, which measured several times faster than
 * reading through the mapper.
 */
export function createPostgresBookingReads(pool: Pool): BookingReads {
  const select = async (statement: Statement, values: unknown[]): Promise<SelectedRow[]> =>
    (await pool.query<SelectedRow>({ ...statement, values })).rows;
  return {
    async find(tenantId, id, view) {
      const [row] = await select(FIND[view], [tenantId, id]);
      return row && bookingFromRow(row, view);
    },
    async list({ tenantId, view, userId, limit, after }) {
      const before = after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
      const rows = userId
        ? await select(LIST_OF_USER[view], [tenantId, ...before, limit, userId])
        : await select(LIST[view], [tenantId, ...before, limit]);
      return rows.map((row) => bookingFromRow(row, view));
    },
  };
}

interface Statement {
  readonly name: string;
  readonly text: string;
}

// Where the first page begins, so that it needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const PAGE = `and (create_time, id) < ($2::timestamptz, $3::uuid) order by create_time desc, id desc limit $4`;

const FIND = statements('booking', 'where tenant_id = $1 and id = $2');
const LIST = statements('bookings', `where tenant_id = $1 ${PAGE}`);
const LIST_OF_USER = statements('bookings_of_user', `where tenant_id = $1 and user_id = $5 ${PAGE}`);

function statements(name: string, where: string): Readonly<Record<BookingView, Statement>> {
  const statement = (view: BookingView) => ({
    name: `${name}_${view.toLowerCase()}`,
    text: `${SELECT_BY_VIEW[view]} ${where}`,
  });
  return { BASIC: statement('BASIC'), FULL: statement('FULL') };
}
