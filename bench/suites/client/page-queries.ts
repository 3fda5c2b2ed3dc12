import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import type { World } from '../../world/world.ts';
import { createRandom } from './mixed-requests.ts';

/** Users in the local table and in the user service. */
export const PAGE_USERS = 100_000;
const BOOKINGS = 300_000;
const PAGE_SIZE = 50;
/** Pages in flight, and database connections. */
export const PAGES_AT_ONCE = 8;
const STATEMENT_TIMEOUT_MS = 30_000;

/** A row of a page without its user. */
export interface BookingRow {
  id: string;
  user_id: string;
}

/** A row of a page joined with the local users table. */
export interface JoinedRow extends BookingRow {
  user_display_name: string;
}

/** Reads pages with and without the join. */
export interface Pages extends AsyncDisposable {
  /** Reads a page of bookings. */
  readBookings(before: Date): Promise<BookingRow[]>;
  /** Reads a page of bookings joined with the local users. */
  readJoined(before: Date): Promise<JoinedRow[]>;
  /** Random times for `before`. Equal seeds give equal times. */
  starts(count: number, seed: number): Date[];
}

const BOOKING_COLUMNS = `b.tenant_id, b.id, b.reference, b.user_id, b.status, b.start_date::text, b.end_date::text,
  b.amount_minor_units, b.amount_currency, b.title, b.create_time, b.update_time`;
// The columns behind the REFERENCE view.
const USER_COLUMNS = `u.version as user_version, u.state as user_state, u.role as user_role,
  u.first_name as user_first_name, u.last_name as user_last_name, u.display_name as user_display_name,
  u.profile_image as user_profile_image, u.business_name as user_business_name,
  u.create_time as user_create_time, u.update_time as user_update_time, u.delete_time as user_delete_time`;
const PAGE = `where b.tenant_id = $1 and b.create_time < $2 order by b.create_time desc, b.id desc limit ${PAGE_SIZE}`;

const READ_BOOKINGS = { name: 'page', text: `select ${BOOKING_COLUMNS} from bookings b ${PAGE}` };
const READ_JOINED = {
  name: 'page_joined',
  text: `select ${BOOKING_COLUMNS}, ${USER_COLUMNS} from bookings b
    left join users u on u.tenant_id = b.tenant_id and u.id = b.user_id ${PAGE}`,
};

/**
 * Opens the filled booking database through the booking service's pool. Statements are prepared once per
 * connection.
 */
export async function openPages(world: World): Promise<Pages> {
  const url = new Secret(await world.bookings({ bookings: BOOKINGS, users: PAGE_USERS }));
  const logger = createLogger({ service: 'bench', level: 'warn' });
  const pool = createPool({
    url,
    maxConnections: PAGES_AT_ONCE,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    logger,
  });
  const read = async <Row extends BookingRow>(statement: { name: string; text: string }, before: Date) => {
    const { rows } = await pool.query<Row>({ ...statement, values: [world.tenantId, before] });
    if (rows.length !== PAGE_SIZE) throw new Error(`a page of ${rows.length} bookings`);
    return rows;
  };
  return {
    readBookings: (before) => read<BookingRow>(READ_BOOKINGS, before),
    readJoined: (before) => read<JoinedRow>(READ_JOINED, before),
    starts(count, seed) {
      const random = createRandom(seed);
      const first = Date.parse('2026-01-01T00:00:00Z');
      const at = () => first + 1000 * Math.floor(2 * PAGE_SIZE + random() * (BOOKINGS - 2 * PAGE_SIZE));
      return Array.from({ length: count }, () => new Date(at()));
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
