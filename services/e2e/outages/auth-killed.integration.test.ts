import { createBookingClient } from '@rollcall/booking-client';
import { type Booking, BookingUserOutcomeSchema } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const DATES = { startDate: '2026-05-01', endDate: '2026-05-03' };

describe('a page of bookings', () => {
  it('keeps its names through a kill -9 of the auth service, and is whole again after its return', {
    timeout: 60_000,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const databases = [await createTestDatabase('auth'), await createTestDatabase('booking')] as const;
    for (const database of databases) stack.use(database);
    const authEnv = { AUTH_DATABASE_URL: databases[0].url };
    const auth = stack.use(await startService('auth', authEnv));
    const address = `127.0.0.1:${auth.grpcPort}`;
    const booking = stack.use(
      await startService('booking', { BOOKING_DATABASE_URL: databases[1].url, AUTH_ADDRESS: address }),
    );
    const admin = stack.use(createUserAdminClient({ address }));
    const bookings = stack.use(
      createBookingClient({ address: `127.0.0.1:${booking.grpcPort}`, defaultTimeoutMs: 5000 }),
    );

    const tenantId = freshTenant();
    const known = await seedUser({ admin }, tenantId, { firstName: 'Known' });
    await bookings.createBooking({ tenantId, booking: { ...DATES, userId: known.id } });
    await bookings.createBooking({ tenantId, booking: DATES });
    const page = async () => (await bookings.listBookings({ tenantId })).bookings.map(shown);
    expect(await page()).toEqual(['nobody', 'FOUND Known']);

    // A user who is read first during the outage is unknown.
    const stranger = await seedUser({ admin }, tenantId, { firstName: 'Stranger' });
    expect(await auth.kill('SIGKILL')).toBeNull();
    await expect(
      bookings.createBooking({ tenantId, booking: { ...DATES, userId: stranger.id } }),
    ).rejects.toThrow(/user/);

    const seen = new Set<string>();
    await expect
      .poll(
        async () => {
          for (const each of await page()) seen.add(each);
          return [...seen];
        },
        { timeout: 15_000, interval: 20 },
      )
      .toContain('FOUND Known stale');
    expect([...seen].sort()).toEqual(['FOUND Known', 'FOUND Known stale', 'nobody']);

    // A booking process that starts during the outage knows nobody, and says so rather than that nobody is
    // there.
    const fresh = stack.use(
      await startService('booking', { BOOKING_DATABASE_URL: databases[1].url, AUTH_ADDRESS: address }),
    );
    const other = stack.use(
      createBookingClient({ address: `127.0.0.1:${fresh.grpcPort}`, defaultTimeoutMs: 5000 }),
    );
    expect((await other.listBookings({ tenantId })).bookings.map(shown)).toEqual(['nobody', 'UNAVAILABLE']);

    stack.use(await startService('auth', { ...authEnv, AUTH_GRPC_PORT: String(auth.grpcPort) }));
    await expect.poll(page, { timeout: 15_000 }).toEqual(['nobody', 'FOUND Known']);
    await expect
      .poll(async () => (await other.listBookings({ tenantId })).bookings.map(shown), { timeout: 15_000 })
      .toEqual(['nobody', 'FOUND Known']);
    await bookings.createBooking({ tenantId, booking: { ...DATES, userId: stranger.id } });
    expect(await page()).toEqual(['FOUND Stranger', 'nobody', 'FOUND Known']);
  });
});

describe('a service process', () => {
  it('ends by itself when its launcher is gone, and by SIGTERM with 0', async () => {
    await using database = await createTestDatabase('auth');
    await using orphan = await startService('auth', { AUTH_DATABASE_URL: database.url });
    expect(await orphan.disconnect()).toBe(0);
    await using told = await startService('auth', { AUTH_DATABASE_URL: database.url });
    expect(await told.kill('SIGTERM')).toBe(0);
  });
});

function shown({ user }: Booking): string {
  if (!user) return 'nobody';
  const name = user.user ? ` ${user.user.firstName}` : '';
  return `${BookingUserOutcomeSchema.value[user.outcome]?.localName}${name}${user.stale ? ' stale' : ''}`;
}
