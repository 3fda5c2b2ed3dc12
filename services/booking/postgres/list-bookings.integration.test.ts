import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Booking, BookingStatus } from '../bookings/booking.ts';
import type { BookingFilter, BookingOrder, ListPosition } from '../bookings/booking-store.ts';
import { createPostgresBookingReads } from './booking-store.ts';

const stack = new AsyncDisposableStack();
let pool: Pool;
let all: Booking[];

const USERS = Array.from({ length: 6 }, (_, n) => `00000000-0000-7000-8000-00000000000${n}`);
const VENDORS = Array.from({ length: 3 }, (_, n) => `00000000-0000-7000-8000-0000000000f${n}`);
const STATUSES: BookingStatus[] = ['PENDING', 'PAID', 'COMPLETED', 'CANCELLED'];
const DAYS = ['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04', '2026-05-05'];

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('booking'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(database.url), maxConnections: 1, statementTimeoutMs: 5000, logger };
  pool = stack.adopt(createPool(options), (each) => each.end());
  // Few values each, so that many rows share a time, and each filter leaves some.
  await pool.query(
    `insert into bookings (tenant_id, id, reference, user_id, vendor_id, status, start_date, end_date, create_time, update_time)
      select tenant, gen_random_uuid(), 'R-' || n, ($1::uuid[])[1 + n % 7], ($2::uuid[])[1 + n % 4], ($3::text[])[1 + n * 7 % 4],
        date '2026-05-01' + n * 3 % 5, '2026-06-01', timestamptz '2026-01-01' + n / 5 * interval '1 s', now()
      from generate_series(1, 120) n, unnest(array['acme', 'other']) tenant`,
    [USERS, VENDORS, STATUSES],
  );
  const filter = { userIds: null, vendorIds: null, statuses: null, startFrom: null, startBefore: null };
  const order = { by: 'create_time', direction: 'asc' } as const;
  const reads = createPostgresBookingReads(pool);
  all = await reads.list({ tenantId: 'acme', view: 'BASIC', filter, order, limit: 1000 });
});

afterAll(() => stack.disposeAsync());

const someOf = (values: readonly string[]) => fc.option(fc.subarray([...values], { minLength: 1 }));

const filters: fc.Arbitrary<BookingFilter> = fc.record({
  userIds: someOf(USERS),
  vendorIds: someOf(VENDORS),
  statuses: fc.option(fc.subarray(STATUSES, { minLength: 1 })),
  startFrom: fc.option(fc.constantFrom(...DAYS)),
  startBefore: fc.option(fc.constantFrom(...DAYS)),
});

const orders: fc.Arbitrary<BookingOrder> = fc.record({
  by: fc.constantFrom('create_time', 'start_date'),
  direction: fc.constantFrom('asc', 'desc'),
});

it('pages through exactly the matching bookings in order, for any combination of filters', {
  timeout: 60_000,
}, async () => {
  const reads = createPostgresBookingReads(pool);
  const property = fc.asyncProperty(
    filters,
    orders,
    fc.integer({ min: 1, max: 30 }),
    async (filter, order, limit) => {
      const seen: string[] = [];
      for (let after: ListPosition | undefined; ; ) {
        const list = { tenantId: 'acme', view: 'BASIC', filter, order, limit } as const;
        const page = await reads.list({ ...list, ...(after && { after }) });
        seen.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (!last || page.length < limit) break;
        after = { at: atOf(last, order), id: last.id };
      }
      expect(seen).toEqual(meant(filter, order));
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

function meant(filter: BookingFilter, order: BookingOrder): string[] {
  const { userIds, vendorIds, statuses, startFrom, startBefore } = filter;
  const chosen = all.filter(
    (each) =>
      (!userIds || userIds.includes(each.userId ?? '')) &&
      (!vendorIds || vendorIds.includes(each.vendorId ?? '')) &&
      (!statuses || statuses.includes(each.status)) &&
      (!startFrom || each.startDate >= startFrom) &&
      (!startBefore || each.startDate < startBefore),
  );
  const rising = chosen.toSorted((one, other) => (keyOf(one, order) < keyOf(other, order) ? -1 : 1));
  return (order.direction === 'asc' ? rising : rising.toReversed()).map(({ id }) => id);
}

function keyOf(booking: Booking, order: BookingOrder): string {
  return `${atOf(booking, order)} ${booking.id}`;
}

function atOf({ createTime, startDate }: Booking, { by }: BookingOrder): string {
  return by === 'create_time' ? createTime.toISOString() : startDate;
}
