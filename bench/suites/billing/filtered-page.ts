import { createBookingClient } from '@rollcall/booking-client';
import { seedUser } from '@rollcall/local';
import { errorReason } from '@rollcall/transport';
import pg from 'pg';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { SEARCH_TENANT, SEARCH_USERS } from '../../world/seed-search.ts';
import { startBooking } from '../../world/start-services.ts';
import { forEachConcurrently } from './ack.ts';

/** Pages in a round. */
const PAGES = 100;
const PAGES_AT_ONCE = 2;
const PAGE_SIZE = 50;
const TIMEOUT_MS = 30_000;

const JOINED = {
  name: 'filtered',
  text: `select b.tenant_id, b.id, b.reference, b.user_id, b.status, b.start_date::text, b.end_date::text,
      b.amount_minor_units, b.amount_currency, b.title, b.create_time, b.update_time,
      u.version, u.state, u.role, u.name, u.profile_image, u.business_name
    from bookings b join search_users u on u.tenant_id = b.tenant_id and u.id = b.user_id
    where b.tenant_id = $1 and u.state <> 'DELETED' and u.name ilike $2
    order by b.create_time desc, b.id desc limit ${PAGE_SIZE}`,
};

/** Bookings of users with a given name. The booking service has no table of users to join with. */
export const filteredPage: BenchCase = {
  name: 'filtered-page',
  doc: 'ListBookings by the whole name of a user, 1M users, 1M bookings, against a join with a local users table and ILIKE',
  async run({ world, rounds }) {
    await world.searchBookings(SEARCH_USERS);
    const auth = await world.auth();
    const url = (await world.postgres()).databaseUrl('booking');
    await using booking = await startBooking(url, { AUTH_ADDRESS: auth.address });
    using bookings = createBookingClient({ address: booking.address, defaultTimeoutMs: TIMEOUT_MS });
    await using pool = poolOf(await world.bookingAdminUrl());
    const found = { ours: 0, peer: 0 };
    const ours = async (name: string) => {
      const page = await bookings.listBookings({
        tenantId: SEARCH_TENANT,
        userQuery: name,
        pageSize: PAGE_SIZE,
      });
      if (page.bookings.length === 0) throw new Error(`no user called "${name}" has a booking`);
      found.ours += page.bookings.length;
    };
    const peer = async (name: string) => {
      const { rows } = await pool.query({ ...JOINED, values: [SEARCH_TENANT, `%${name}%`] });
      if (rows.length === 0) throw new Error(`no user called "${name}" is in the join`);
      found.peer += rows.length;
    };
    const refused = { names: 0, of: 0 };
    // Both sides leave out names of too many users for a list. Found before the rounds.
    const listable = async (round: number) => {
      const names: string[] = [];
      await forEachConcurrently(namesOf(round), 1, async (name) => {
        refused.of += 1;
        await ours(name).then(
          () => names.push(name),
          (error: unknown) => {
            if (errorReason(error)?.reason !== 'TOO_MANY_USERS') throw error;
            refused.names += 1;
          },
        );
      });
      return names;
    };
    const rows: string[][] = [];
    for (let round = 0; round <= rounds; round++) rows.push(await listable(round));
    found.ours = 0;
    const measure = (page: typeof ours) => (round: number) => {
      const names = rows[round] ?? [];
      return perSecond(names.length, () => forEachConcurrently(names, PAGES_AT_ONCE, page));
    };
    const measured = await compare({
      ours: { name: 'ListBookings', measure: measure(ours) },
      peers: [{ name: 'SQL join, ILIKE', measure: measure(peer) }],
      unit: 'pages/s',
      target: { of: 'ratio', bound: 'at least', figure: 0.5 },
      rounds,
    });
    const notes = [
      `bookings shown in all: ours ${found.ours}, the join ${found.peer}`,
      `${refused.names} of ${refused.of} names were left out on both sides: TOO_MANY_USERS`,
    ];
    return { ...measured, notes: [...(measured.notes ?? []), ...notes] };
  },
};

function poolOf(connectionString: string) {
  const pool = new pg.Pool({ connectionString, max: PAGES_AT_ONCE });
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

/** Whole names of users from all over the table. */
function namesOf(round: number): string[] {
  return Array.from({ length: PAGES }, (_, i) => {
    for (let n = 1 + (((round * PAGES + i) * 7919) % SEARCH_USERS); ; n++) {
      const { state, firstName, lastName } = seedUser(1 + (n % SEARCH_USERS));
      if (state !== 'DELETED') return `${firstName} ${lastName}`;
    }
  });
}
