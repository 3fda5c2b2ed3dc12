import { BookingUserOutcome, BookingView } from '@rollcall/contract/booking';
import { UserService, UserState, UserView } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from '../testing/start-booking.ts';

let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

describe('ListBookings', () => {
  it('pages through all bookings of a tenant once, newest first', async () => {
    const tenantId = 'paging';
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.unshift((await booking.book({ reference: `P-${i}` }, tenantId)).id);
    // Bookings of one moment are ordered by id.
    await booking.sql(`update bookings set create_time = '2026-01-01' where tenant_id = $1`, [tenantId]);
    const pages = await allPages({ tenantId, pageSize: 3 });
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ id }) => id)).toEqual(made.toSorted().reverse());
  });

  it('has no token after a full last page', async () => {
    const tenantId = 'exact';
    for (let i = 0; i < 4; i++) await booking.book({}, tenantId);
    const pages = await allPages({ tenantId, pageSize: 2 });
    expect(pages.map((page) => page.length)).toEqual([2, 2]);
  });

  it('orders by creation time before the id', async () => {
    const tenantId = 'order';
    const [a, b, c] = [
      await booking.book({}, tenantId),
      await booking.book({}, tenantId),
      await booking.book({}, tenantId),
    ];
    const at = `update bookings set create_time = $2 where id = $1`;
    await booking.sql(at, [a.id, '2026-03-03']);
    await booking.sql(at, [b.id, '2026-03-01']);
    await booking.sql(at, [c.id, '2026-03-02']);
    const pages = await allPages({ tenantId, pageSize: 1 });
    expect(pages.flat().map(({ id }) => id)).toEqual([a.id, c.id, b.id]);
  });

  it('takes 0 for 50 and more than 500 for 500', async () => {
    const tenantId = 'many';
    await booking.fill(tenantId, 510);
    const { bookings } = await booking.client.listBookings({ tenantId });
    expect(bookings).toHaveLength(50);
    const pages = await allPages({ tenantId, pageSize: 1_000_000 });
    expect(pages.map((page) => page.length)).toEqual([500, 10]);
  });

  it('lists the bookings of one user, whatever the case of the id', async () => {
    const tenantId = 'of-user';
    const userId = newUserId();
    booking.users.put(tenantId, userId);
    await booking.book({}, tenantId);
    const own = [await booking.book({ userId }, tenantId), await booking.book({ userId }, tenantId)];
    const pages = await allPages({ tenantId, userId: userId.toUpperCase(), pageSize: 1 });
    expect(pages.flat().map(({ id }) => id)).toEqual(own.map(({ id }) => id).reverse());
  });

  it('shows contact details in the FULL view only', async () => {
    const tenantId = 'views';
    await booking.book({ contactDetails: { name: 'Ana' } }, tenantId);
    const [[basic], [full]] = [
      (await booking.client.listBookings({ tenantId })).bookings,
      (await booking.client.listBookings({ tenantId, view: BookingView.FULL })).bookings,
    ];
    expect(basic?.contactDetails).toBeUndefined();
    expect(full?.contactDetails).toEqual({ name: 'Ana' });
  });

  it('shortens a page that one response cannot hold', async () => {
    const tenantId = 'large';
    await booking.fill(tenantId, 60);
    const digits = { list: Array.from({ length: 8000 }, () => 1) };
    await booking.sql('update bookings set contact_details = $2 where tenant_id = $1', [tenantId, digits]);
    const pages = await allPages({ tenantId, pageSize: 500, view: BookingView.FULL });
    expect(pages.length).toBeGreaterThan(1);
    expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(60);
    expect(pages.flat().every(({ contactDetails }) => contactDetails !== undefined)).toBe(true);
  });

  it('never shows bookings of another tenant', async () => {
    const id = (await booking.book({}, 'one-tenant')).id;
    expect((await booking.client.listBookings({ tenantId: 'other-tenant' })).bookings).toEqual([]);
    const fault = await faultOf(booking.client.getBooking({ tenantId: 'other-tenant', id }));
    expect(fault).toMatchObject({ code: 'NotFound', reason: 'BOOKING_NOT_FOUND' });
  });

  describe('page tokens', () => {
    it('refuses a token of another tenant, view or user', async () => {
      const tenantId = 'tokens';
      const userId = newUserId();
      for (let i = 0; i < 2; i++) await booking.book({}, tenantId);
      const { nextPageToken: pageToken } = await booking.client.listBookings({ tenantId, pageSize: 1 });
      expect(pageToken).not.toBe('');
      for (const request of [
        { tenantId: 'other' },
        { tenantId, userId },
        { tenantId, view: BookingView.FULL },
      ]) {
        const fault = await faultOf(booking.client.listBookings({ ...request, pageToken }));
        expect(fault).toMatchObject({ reason: 'PAGE_TOKEN_INVALID', fields: ['page_token'] });
      }
    });

    it.each(['x', 'e30', '[]', '%%%', Buffer.from('[1,2]').toString('base64url')])(
      'refuses "%s"',
      async (pageToken) => {
        const fault = await faultOf(booking.client.listBookings({ tenantId: 'acme', pageToken }));
        expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'PAGE_TOKEN_INVALID' });
      },
    );
  });
});

describe('users of a page', () => {
  it('are looked up by one call, each once, in the REFERENCE view', async () => {
    const tenantId = 'batch';
    const ids = Array.from({ length: 5 }, newUserId);
    for (const id of ids) booking.users.put(tenantId, id, { displayName: `Guest ${id.slice(-4)}` });
    for (const userId of [...ids, ...ids]) await bookUnseen(tenantId, userId);
    const before = lookups().length;
    const { bookings } = await booking.client.listBookings({ tenantId });
    const [request, ...more] = lookups().slice(before);
    expect(more).toEqual([]);
    expect(request?.ids.toSorted()).toEqual(ids.toSorted());
    expect(request).toMatchObject({ tenantId, view: UserView.REFERENCE });
    expect(bookings).toHaveLength(10);
    for (const { userId, user } of bookings) {
      expect(user?.outcome).toBe(BookingUserOutcome.FOUND);
      expect(user?.stale).toBe(false);
      expect([user?.id, user?.user?.id]).toEqual([userId, userId]);
      expect(user?.user?.displayName).toBe(`Guest ${userId.slice(-4)}`);
    }
  });

  it('are looked up by one call for a page of 500 different users', async () => {
    const tenantId = 'batch-500';
    await booking.fill(tenantId, 500);
    const before = lookups().length;
    const { bookings } = await booking.client.listBookings({ tenantId, pageSize: 500 });
    expect(
      lookups()
        .slice(before)
        .map(({ ids }) => ids.length),
    ).toEqual([500]);
    expect(bookings.every(({ user }) => user?.outcome === BookingUserOutcome.MISSING)).toBe(true);
  });

  it('are not looked up when no booking has a user', async () => {
    const tenantId = 'nobody';
    await booking.book({}, tenantId);
    const before = lookups().length;
    const { bookings } = await booking.client.listBookings({ tenantId });
    expect(bookings.map(({ user, userId }) => [user, userId])).toEqual([[undefined, '']]);
    expect(lookups()).toHaveLength(before);
  });

  it('are distinguished: found, suspended, deleted, missing, merged', async () => {
    const tenantId = 'outcomes';
    const [found, suspended, deleted, missing, merged, survivor] = Array.from({ length: 6 }, newUserId) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    booking.users.put(tenantId, found);
    booking.users.put(tenantId, suspended, { state: UserState.SUSPENDED });
    booking.users.put(tenantId, deleted, { state: UserState.DELETED });
    for (const id of [merged, survivor]) booking.users.put(tenantId, id);
    booking.users.merge(tenantId, merged, survivor);
    for (const id of [found, suspended, deleted, missing, merged]) await bookUnseen(tenantId, id);
    const { bookings } = await booking.client.listBookings({ tenantId });
    const shown = new Map(bookings.map(({ userId, user }) => [userId, user]));
    expect(shown.get(found)).toMatchObject({ outcome: BookingUserOutcome.FOUND, user: { id: found } });
    expect(shown.get(suspended)).toMatchObject({
      outcome: BookingUserOutcome.FOUND,
      user: { state: UserState.SUSPENDED },
    });
    expect(shown.get(deleted)).toMatchObject({ outcome: BookingUserOutcome.DELETED, user: { id: deleted } });
    expect(shown.get(missing)).toMatchObject({ id: missing, outcome: BookingUserOutcome.MISSING });
    expect(shown.get(missing)?.user).toBeUndefined();
    expect(shown.get(merged)).toMatchObject({
      id: merged,
      outcome: BookingUserOutcome.FOUND,
      user: { id: survivor },
    });
  });

  it('of one tenant are never shown for an equal id in another', async () => {
    const userId = newUserId();
    booking.users.put('tenant-a', userId, { displayName: 'Ana of A' });
    booking.users.put('tenant-b', userId, { displayName: 'Bo of B' });
    for (const tenantId of ['tenant-a', 'tenant-b']) await bookUnseen(tenantId, userId);
    const names = await Promise.all(
      ['tenant-a', 'tenant-b'].map(async (tenantId) => {
        const { bookings } = await booking.client.listBookings({ tenantId });
        return bookings.map(({ user }) => user?.user?.displayName);
      }),
    );
    expect(names).toEqual([['Ana of A'], ['Bo of B']]);
  });
});

/** Returns the lookups of the fake user service so far. */
function lookups() {
  return booking.userService.requests(UserService.method.batchGetUsers);
}

/** Inserts a booking of a user whom the service has not looked up. */
async function bookUnseen(tenantId: string, userId: string): Promise<void> {
  const { id } = await booking.book({}, tenantId);
  await booking.sql('update bookings set user_id = $2 where id = $1', [id, userId]);
}

async function allPages(request: {
  tenantId: string;
  userId?: string;
  view?: BookingView;
  pageSize: number;
}) {
  const pages = [];
  for (let pageToken = ''; ; ) {
    const { bookings, nextPageToken } = await booking.client.listBookings({ ...request, pageToken });
    pages.push(bookings);
    if (nextPageToken === '') return pages;
    pageToken = nextPageToken;
  }
}
