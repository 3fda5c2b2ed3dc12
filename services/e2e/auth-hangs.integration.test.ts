import { setTimeout as sleep } from 'node:timers/promises';
import { createBookingClient } from '@rollcall/booking-client';
import { BookingUserOutcome } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { expect, it } from 'vitest';
import { startService } from './process.test-support.ts';

/** Longer than from a breaker's trip to its probe and to that one's end, in ms. */
const PAGE_EVERY_MS = 2_000;
const METRICS = {
  batches: /^rollcall_user_client_batches_total\{.*\} (\d+)$/m,
  unavailable: /^rollcall_user_client_degraded_lookups_total\{.*"unavailable".*\} (\d+)$/m,
};

it('A5: the pages of a quiet booking service wait for a hanging auth service twice, and then no more', {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const databases = [await createTestDatabase('auth'), await createTestDatabase('booking')] as const;
  for (const database of databases) stack.use(database);
  const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: databases[0].url }));
  const authAddress = `127.0.0.1:${auth.grpcPort}`;
  const env = { BOOKING_DATABASE_URL: databases[1].url, AUTH_ADDRESS: authAddress };
  const writer = stack.use(await startService('booking', env));
  const admin = stack.use(createUserAdminClient({ address: authAddress }));
  const bookings = stack.use(createBookingClient({ address: `127.0.0.1:${writer.grpcPort}` }));
  const tenants: string[] = [];
  for (let i = 0; i < 6; i++) {
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);
    const dates = { startDate: '2026-05-01', endDate: '2026-05-03' };
    await bookings.createBooking({ tenantId, booking: { ...dates, userId: id } });
    tenants.push(tenantId);
  }
  // A process that knows none of these users yet, and is connected.
  const reader = stack.use(await startService('booking', env));
  const pages = stack.use(
    createBookingClient({ address: `127.0.0.1:${reader.grpcPort}`, defaultTimeoutMs: 20_000 }),
  );
  const outcome = async (tenantId: string) =>
    (await pages.listBookings({ tenantId })).bookings.map(({ user }) => user?.outcome);
  expect(await outcome(tenants.pop() as string)).toEqual([BookingUserOutcome.FOUND]);
  const metrics = async (what: keyof typeof METRICS) => {
    const text = await (await fetch(`http://127.0.0.1:${reader.httpPort}/metrics`)).text();
    return Number(METRICS[what].exec(text)?.[1] ?? 0);
  };
  const before = await metrics('batches');
  process.kill(auth.pid, 'SIGSTOP');
  stack.defer(() => void process.kill(auth.pid, 'SIGCONT'));
  for (const tenantId of tenants) expect(await outcome(tenantId)).toEqual([BookingUserOutcome.UNAVAILABLE]);
  expect(await metrics('unavailable')).toBe(5);
  // Further apart than the breaker's probes: each page would be one of them.
  for (const tenantId of tenants.slice(0, 3)) {
    await sleep(PAGE_EVERY_MS);
    expect(await outcome(tenantId)).toEqual([BookingUserOutcome.UNAVAILABLE]);
  }
  // The pages asked twice; what was asked since, the client asked by itself.
  expect((await metrics('batches')) - before).toBe(2);
  process.kill(auth.pid, 'SIGCONT');
  await expect
    .poll(async () => (await Promise.all(tenants.map(outcome))).flat(), { timeout: 20_000 })
    .toEqual(tenants.map(() => BookingUserOutcome.FOUND));
});
