import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Booking, BookingStatus, type ListBookingsRequestSchema } from '@rollcall/contract/booking';
import { UserService } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from '../testing/start-booking.ts';

let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

type Init = MessageInitShape<typeof ListBookingsRequestSchema>;

async function list(request: Init): Promise<Booking[]> {
  const all: Booking[] = [];
  for (let pageToken = ''; ; ) {
    const page = await booking.client.listBookings({ pageSize: 2, ...request, pageToken });
    all.push(...page.bookings);
    if (page.nextPageToken === '') return all;
    pageToken = page.nextPageToken;
  }
}

const ORDERS = ['create_time', 'create_time desc', 'start_date', 'start_date desc'] as const;

describe.each(ORDERS)('a list in order of %s', (orderBy) => {
  const [by, direction] = orderBy.split(' ');

  // The key of the order: its value and then the id, both in one direction.
  function keyOf({ createTime, startDate, id }: Booking): string {
    const at = by === 'start_date' ? startDate : String(createTime?.seconds).padStart(12, '0');
    return `${at} ${id}`;
  }

  it('pages through every booking once, equal values by id, while others are added and removed', async () => {
    const tenantId = `order-${ORDERS.indexOf(orderBy)}`;
    await booking.fill(tenantId, 12);
    // Three for each day and second, in a shuffled order.
    await booking.sql(
      `update bookings set start_date = date '2026-05-01' + n / 3, end_date = date '2026-06-01',
          create_time = timestamptz '2026-01-01' + (7 - n / 3) * interval '1 s'
        from (select id, row_number() over (order by id)::int as n from bookings where tenant_id = $1) numbered
        where bookings.id = numbered.id and tenant_id = $1`,
      [tenantId],
    );
    const before = await list({ tenantId, orderBy, pageSize: 500 });
    const keys = before.map(keyOf);
    expect(keys).toEqual(direction === 'desc' ? keys.toSorted().reverse() : keys.toSorted());

    const seen: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await booking.client.listBookings({ tenantId, orderBy, pageSize: 5, pageToken });
      seen.push(...page.bookings.map(({ id }) => id));
      // One before the page, one behind the end; the last row of the page is removed.
      for (const startDate of ['2000-01-01', '2999-01-01'])
        await booking.book({ startDate, endDate: startDate }, tenantId);
      await booking.sql('delete from bookings where tenant_id = $1 and id = $2', [tenantId, seen.at(-1)]);
      if (page.nextPageToken === '' || seen.length > 50) break;
      pageToken = page.nextPageToken;
    }
    expect(new Set(seen).size).toBe(seen.length);
    const old = new Set(before.map(({ id }) => id));
    expect(seen.filter((id) => old.has(id))).toEqual(before.map(({ id }) => id));
  });

  it('refuses a token of another order', async () => {
    const tenantId = `token-${ORDERS.indexOf(orderBy)}`;
    await booking.fill(tenantId, 2);
    const { nextPageToken: pageToken } = await booking.client.listBookings({
      tenantId,
      orderBy,
      pageSize: 1,
    });
    for (const other of ORDERS.filter((each) => each !== orderBy)) {
      const fault = await faultOf(booking.client.listBookings({ tenantId, orderBy: other, pageToken }));
      expect(fault).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
    }
  });
});

describe('a filtered list', () => {
  const tenantId = 'narrowed';
  const { PENDING, PAID, COMPLETED } = BookingStatus;
  const [ana, bo, hotel] = [newUserId(), newUserId(), newUserId()];
  const made: Booking[] = [];

  beforeAll(async () => {
    for (const id of [ana, bo, hotel]) booking.users.put(tenantId, id);
    const days = ['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'];
    for (const [i, startDate] of days.entries())
      for (const [userId, status] of [
        [ana, PENDING],
        [bo, PAID],
        ['', COMPLETED],
      ] as const) {
        const vendorId = i % 2 ? hotel : '';
        const endDate = '2026-05-09';
        made.unshift(await booking.book({ userId, vendorId, status, startDate, endDate }, tenantId));
      }
  });

  const CASES: [string, Init, (each: Booking) => boolean][] = [
    ['by a status', { statuses: [PAID] }, ({ status }) => status === PAID],
    ['by several', { statuses: [PAID, PENDING, PAID] }, ({ status }) => status !== COMPLETED],
    ['by a vendor', { vendorId: hotel.toUpperCase() }, ({ vendorId }) => vendorId === hotel],
    ['by a user', { userId: bo }, ({ userId }) => userId === bo],
    ['from a day on', { startFrom: '2026-05-03' }, ({ startDate }) => startDate >= '2026-05-03'],
    ['before a day', { startBefore: '2026-05-03' }, ({ startDate }) => startDate < '2026-05-03'],
    [
      'by all filters',
      {
        statuses: [PENDING, PAID],
        vendorId: hotel,
        userId: ana,
        startFrom: '2026-05-02',
        startBefore: '2026-05-04',
      },
      ({ userId, startDate }) => userId === ana && startDate === '2026-05-02',
    ],
    ['to nothing', { startFrom: '2026-05-03', startBefore: '2026-05-03' }, () => false],
  ];

  it.each(CASES)('%s', async (_what, filter, isMeant) => {
    const expected = made.filter(isMeant).map(({ id }) => id);
    expect((await list({ tenantId, ...filter })).map(({ id }) => id)).toEqual(expected);
    const oldestFirst = await list({ tenantId, ...filter, orderBy: 'create_time' });
    expect(oldestFirst.map(({ id }) => id)).toEqual(expected.toReversed());
    const byDay = await list({ tenantId, ...filter, orderBy: 'start_date' });
    expect(byDay.map(({ startDate }) => startDate)).toEqual(
      made
        .filter(isMeant)
        .map(({ startDate }) => startDate)
        .toSorted(),
    );
  });

  it('looks up users and vendors of a page by one call', async () => {
    booking.age(600_000);
    const before = booking.userService.requests(UserService.method.batchGetUsers).length;
    const { bookings } = await booking.client.listBookings({ tenantId, statuses: [PAID, PENDING] });
    const asked = booking.userService.requests(UserService.method.batchGetUsers).slice(before);
    expect(asked.map(({ ids }) => ids.toSorted())).toEqual([[ana, bo, hotel].toSorted()]);
    expect(bookings.filter(({ vendor }) => vendor?.user?.id === hotel)).toHaveLength(4);
  });
});

describe('an invalid list', () => {
  it.each<[string, Init]>([
    ['user_query', { userQuery: 'a' }],
    ['user_query', { userQuery: 'a'.repeat(201) }],
    ['user_query', { userQuery: 'a\0b' }],
    ['statuses[0]', { statuses: [0] }],
    ['statuses[0]', { statuses: [99 as BookingStatus] }],
    ['statuses', { statuses: Array.from({ length: 11 }, () => BookingStatus.PAID) }],
    ['vendor_id', { vendorId: 'x' }],
    ['user_id', { userId: 'x' }],
    ['start_from', { startFrom: 'today' }],
    ['start_from', { startFrom: '2026-02-30' }],
    ['start_before', { startBefore: '2026-13-01' }],
    ['order_by', { orderBy: 'title' }],
    ['order_by', { orderBy: 'start_date DESC' }],
    ['page_size', { pageSize: -1 }],
    ['page_token', { pageToken: 'x'.repeat(1001) }],
    ['view', { view: 9 as never }],
    ['tenant_id', { tenantId: 'No' }],
  ])('is refused for its %s: %o', async (field, request) => {
    const fault = await faultOf(booking.client.listBookings({ tenantId: 'acme', ...request }));
    expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: [field] });
  });
});

describe('the vendor of a new booking', () => {
  it('is shown, and must be active as the user must', async () => {
    const [known, unknown] = [newUserId(), newUserId()];
    booking.users.put('acme', known, { displayName: 'Hotel' });
    const made = await booking.book({ vendorId: known.toUpperCase() });
    expect(made).toMatchObject({ vendorId: known, userId: '' });
    expect(made.vendor?.user?.displayName).toBe('Hotel');
    const fault = await faultOf(booking.book({ vendorId: unknown }));
    expect(fault).toMatchObject({
      reason: 'USER_NOT_BOOKABLE',
      metadata: { user_id: unknown, why: 'missing' },
    });
  });

  it('is looked up together with the user', async () => {
    const [userId, vendorId] = [newUserId(), newUserId()];
    for (const id of [userId, vendorId]) booking.users.put('acme', id);
    const before = booking.userService.requests(UserService.method.batchGetUsers).length;
    await booking.book({ userId, vendorId });
    const asked = booking.userService.requests(UserService.method.batchGetUsers).slice(before);
    expect(asked.map(({ ids }) => ids)).toEqual([[userId, vendorId]]);
  });
});
