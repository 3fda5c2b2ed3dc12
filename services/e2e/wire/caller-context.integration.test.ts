import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { BookingUserOutcome } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { carrySeenVersions, withSeenVersions } from '@rollcall/user-client';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';

const DATES = { startDate: '2026-05-01', endDate: '2026-05-03' };

const stack = new AsyncDisposableStack();
let auth: ServiceProcess;
let admin: UserAdminClient;
let bookings: BookingClient;

beforeAll(async () => {
  const [authDatabase, bookingDatabase] = [
    stack.use(await createTestDatabase('auth')),
    stack.use(await createTestDatabase('booking')),
  ];
  auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: authDatabase.url }));
  const address = `127.0.0.1:${auth.grpcPort}`;
  const booking = stack.use(
    await startService('booking', { BOOKING_DATABASE_URL: bookingDatabase.url, AUTH_ADDRESS: address }),
  );
  // Writes go through another process than the one that booking asks, which learns of them some ms later.
  const other = stack.use(await startService('auth', { AUTH_DATABASE_URL: authDatabase.url }));
  const interceptors = [carrySeenVersions];
  admin = stack.use(
    createUserAdminClient({ address: `127.0.0.1:${other.grpcPort}`, interceptors, defaultTimeoutMs: 10_000 }),
  );
  bookings = stack.use(
    createBookingClient({
      address: `127.0.0.1:${booking.grpcPort}`,
      interceptors,
      defaultTimeoutMs: 10_000,
    }),
  );
});

afterAll(() => stack.disposeAsync());

describe('a page of bookings', () => {
  it('shows what the caller wrote just before, and says so to whoever comes next', async () => {
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId, { firstName: 'Before' });
    await bookings.createBooking({ tenantId, booking: { ...DATES, userId: id } });
    for (let i = 0; i < 50; i++) {
      await withSeenVersions([], async () => {
        const user = { id, firstName: `Name ${i}` };
        await admin.updateUser({ tenantId, user, updateMask: { paths: ['first_name'] } });
        const page = await bookings.listBookings({ tenantId });
        expect(page.bookings[0]?.user?.user?.firstName).toBe(`Name ${i}`);
      });
    }
  });

  it('is answered within its caller’s deadline while the user service takes calls and never answers', async () => {
    const tenantId = freshTenant();
    const [known, stranger] = [await seedUser({ admin }, tenantId), await seedUser({ admin }, tenantId)];
    await bookings.createBooking({ tenantId, booking: { ...DATES, userId: known.id } });
    process.kill(auth.pid, 'SIGSTOP');
    try {
      // The user is cached and fresh: no call is made.
      const made = await bookings.createBooking({ tenantId, booking: { ...DATES, userId: known.id } });
      expect(made.booking?.user?.outcome).toBe(BookingUserOutcome.FOUND);
      await expect(
        bookings.createBooking({ tenantId, booking: { ...DATES, userId: stranger.id } }, { timeoutMs: 300 }),
      ).rejects.toThrow(/cannot be asked now/);
      const page = await bookings.listBookings({ tenantId }, { timeoutMs: 300 });
      expect(page.bookings.map(({ user }) => user?.outcome)).toEqual([
        BookingUserOutcome.FOUND,
        BookingUserOutcome.FOUND,
      ]);
    } finally {
      process.kill(auth.pid, 'SIGCONT');
    }
  });
});
