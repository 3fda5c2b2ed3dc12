import { BookingUserOutcome } from '@rollcall/contract/booking';
import { UserService } from '@rollcall/contract/user';
import { SEEN_HEADER } from '@rollcall/user-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from './testing/start-booking.ts';

const tenantId = 'acme';
let booking: BookingUnderTest;

beforeEach(async () => {
  booking = await startBooking();
});

afterEach(() => booking[Symbol.asyncDispose]());

describe('the deadline of a caller', () => {
  it('bounds the wait for users, who are then unavailable, over both protocols', async () => {
    await bookingOfAna();
    // Ana is cached; each page asks for the other user and gets no answer.
    const { id } = await booking.book();
    await booking.sql('update bookings set user_id = $2 where id = $1', [id, newUserId()]);
    booking.userService.silent();
    const { bookings } = await booking.client.listBookings({ tenantId }, { timeoutMs: 300 });
    expect(bookings.map(({ user }) => user?.outcome).sort()).toEqual([
      BookingUserOutcome.FOUND,
      BookingUserOutcome.UNAVAILABLE,
    ]);

    const { status, body } = await listOverHttp({ 'connect-timeout-ms': '300' });
    expect(status).toBe(200);
    expect(body.bookings.map(({ user }) => user.outcome).sort()).toEqual([
      'BOOKING_USER_OUTCOME_FOUND',
      'BOOKING_USER_OUTCOME_UNAVAILABLE',
    ]);
  });

  it('does not end a read that other callers share', async () => {
    const { id } = await booking.book();
    const userId = newUserId();
    booking.users.put(tenantId, userId, { displayName: 'Ben' });
    await booking.sql('update bookings set user_id = $2 where id = $1', [id, userId]);
    booking.userService.slow(320);
    const pages = await Promise.all(
      [300, 10_000].map((timeoutMs) => booking.client.listBookings({ tenantId }, { timeoutMs })),
    );
    expect(pages.map(({ bookings }) => bookings[0]?.user?.outcome)).toEqual([
      BookingUserOutcome.UNAVAILABLE,
      BookingUserOutcome.FOUND,
    ]);
    expect(booking.userService.requests(UserService.method.batchGetUsers)).toHaveLength(1);
  });
});

describe('a version that a caller has seen', () => {
  it('binds this page alone, over both protocols, and is set in the answer', async () => {
    const { userId, version } = await bookingOfAna();
    const unreached = `${tenantId}/${userId}/${version + 7n}`;
    const { headers, body } = await listOverHttp({ [SEEN_HEADER]: unreached });
    expect(body.bookings[0]?.user.outcome).toBe('BOOKING_USER_OUTCOME_UNAVAILABLE');
    expect(headers.get(SEEN_HEADER)).toBe(unreached);
    let seenHeader: string | null = null;
    const { bookings } = await booking.client.listBookings(
      { tenantId },
      {
        headers: { [SEEN_HEADER]: unreached },
        onHeader: (each) => {
          seenHeader = each.get(SEEN_HEADER);
        },
      },
    );
    expect(bookings[0]?.user?.outcome).toBe(BookingUserOutcome.UNAVAILABLE);
    expect(seenHeader).toBe(unreached);
    const asked = booking.userService.requests(UserService.method.batchGetUsers);
    expect(asked.some(({ minVersions }) => minVersions[userId] === version + 7n)).toBe(true);

    const other = await booking.client.listBookings({ tenantId });
    expect(other.bookings[0]?.user?.outcome).toBe(BookingUserOutcome.FOUND);
  });

  it('is ignored when the header is invalid, and is not set in the answer', async () => {
    await bookingOfAna();
    const { status, headers, body } = await listOverHttp({ [SEEN_HEADER]: 'nonsense' });
    expect([status, headers.get(SEEN_HEADER)]).toEqual([200, null]);
    expect(body.bookings[0]?.user.outcome).toBe('BOOKING_USER_OUTCOME_FOUND');
  });
});

/** Creates a booking of a user whom the service has just cached. */
async function bookingOfAna(): Promise<{ userId: string; version: bigint }> {
  const userId = newUserId();
  const { version } = booking.users.put(tenantId, userId, { displayName: 'Ana' });
  await booking.book({ userId });
  return { userId, version };
}

async function listOverHttp(headers: Record<string, string>) {
  const { port } = booking.service.servers.http;
  const response = await fetch(`http://127.0.0.1:${port}/rollcall.booking.v1.BookingService/ListBookings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ tenantId }),
  });
  const body = (await response.json()) as { bookings: { user: { outcome: string } }[] };
  return { status: response.status, headers: response.headers, body };
}
