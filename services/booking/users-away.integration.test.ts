import { randomUUID } from 'node:crypto';
import { Code } from '@connectrpc/connect';
import { BookingUserOutcome } from '@rollcall/contract/booking';
import { faultOf } from '@rollcall/transport/testing';
import type { FakeUserService } from '@rollcall/user-client/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newBooking, newUserId, startBooking } from './testing/start-booking.ts';

const tenantId = 'acme';
let booking: BookingUnderTest;

// One service for each test, because the client remembers an outage.
beforeEach(async () => {
  booking = await startBooking();
});

afterEach(() => booking[Symbol.asyncDispose]());

// Longer than a cached user stays fresh, shorter than it may be served stale.
const FORGETS_MS = 60_000;

const OUTAGES: [string, (users: FakeUserService) => void][] = [
  ['is dead', (users) => users.down()],
  ['says nothing', (users) => users.silent()],
  ['cannot do it now', (users) => users.fail(Code.Unavailable)],
  ['fails inside', (users) => users.fail(Code.Internal)],
];

describe.each(OUTAGES)('while the user service %s', (_what, breakIt) => {
  it('shows cached users as stale and others as unavailable, and recovers afterwards', async () => {
    const [seen, unseen] = await aPage();
    breakIt(booking.userService);
    booking.age(FORGETS_MS);
    const { bookings } = await booking.client.listBookings({ tenantId });
    const byUser = new Map(bookings.map(({ userId, user }) => [userId, user]));
    expect(byUser.get(seen)).toMatchObject({
      outcome: BookingUserOutcome.FOUND,
      stale: true,
      user: { displayName: 'Ana' },
    });
    expect(byUser.get(unseen)).toMatchObject({
      id: unseen,
      outcome: BookingUserOutcome.UNAVAILABLE,
      stale: false,
    });
    expect(byUser.get(unseen)?.user).toBeUndefined();

    await booking.userService.up();
    await waitFor(async () => (await userInList(unseen))?.outcome === BookingUserOutcome.FOUND);
    expect(await userInList(seen)).toMatchObject({ outcome: BookingUserOutcome.FOUND, stale: false });
  });

  it('never shows a user as missing, however often it is looked up', async () => {
    await aPage();
    breakIt(booking.userService);
    booking.age(FORGETS_MS);
    for (let i = 0; i < 12; i++) {
      const { bookings } = await booking.client.listBookings({ tenantId });
      expect(bookings).toHaveLength(2);
      for (const { user } of bookings) {
        expect(user?.outcome).toBeOneOf([BookingUserOutcome.FOUND, BookingUserOutcome.UNAVAILABLE]);
      }
    }
  });

  it('accepts bookings of cached users, and asks to retry for others', async () => {
    const [seen, unseen] = await aPage();
    breakIt(booking.userService);
    booking.age(FORGETS_MS);
    const made = await booking.client.createBooking({ tenantId, booking: newBooking({ userId: seen }) });
    expect(made.booking).toMatchObject({ userId: seen, user: { stale: true } });
    const fault = await faultOf(
      booking.client.createBooking({ tenantId, booking: newBooking({ userId: unseen }) }),
    );
    expect(fault).toMatchObject({ code: 'Unavailable', reason: 'USER_UNKNOWN_NOW', retries: true });
    expect(fault.metadata).toMatchObject({ user_id: unseen });
  });

  it('answers a repeated request and a booking without a user, and stays ready', async () => {
    const requestId = randomUUID();
    const userId = newUserId();
    booking.users.put(tenantId, userId);
    const request = { tenantId, requestId, booking: newBooking({ userId }) };
    const { booking: made } = await booking.client.createBooking(request);
    breakIt(booking.userService);
    expect(await booking.client.createBooking(request)).toMatchObject({
      replayed: true,
      booking: { id: made?.id },
    });
    expect((await booking.book()).id).not.toBe('');
    const { port } = booking.service.servers.http;
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });
});

describe('a page', () => {
  it('is sent before its caller’s deadline although the user service is silent', async () => {
    await aPage();
    booking.userService.silent();
    const { bookings } = await booking.client.listBookings({ tenantId }, { timeoutMs: 300 });
    expect(bookings).toHaveLength(2);
  });

  it('shows users as unavailable when the user service refuses, which is a wrong setting', async () => {
    const [, unseen] = await aPage();
    booking.userService.fail(Code.PermissionDenied);
    expect(await userInList(unseen)).toMatchObject({ outcome: BookingUserOutcome.UNAVAILABLE });
  });
});

/** Creates two bookings: of Ana, whom the service has cached, and of an unknown user. */
async function aPage(): Promise<[seen: string, unseen: string]> {
  const [seen, unseen] = [newUserId(), newUserId()];
  booking.users.put(tenantId, seen, { displayName: 'Ana' });
  booking.users.put(tenantId, unseen);
  await booking.book({ userId: seen });
  const { id } = await booking.book();
  await booking.sql('update bookings set user_id = $2 where id = $1', [id, unseen]);
  return [seen, unseen];
}

/** Returns the user of a booking in ListBookings. */
async function userInList(userId: string) {
  const { bookings } = await booking.client.listBookings({ tenantId, userId });
  return bookings[0]?.user;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
