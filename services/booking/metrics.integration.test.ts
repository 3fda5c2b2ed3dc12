import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from './testing/start-booking.ts';

let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

it('shows the lookups of the user client among its metrics', async () => {
  const tenantId = 'seen';
  const userId = newUserId();
  booking.users.put(tenantId, userId);
  await booking.book({ userId }, tenantId);
  await booking.client.listBookings({ tenantId });
  booking.userService.down();
  booking.age(60_000);
  await booking.client.listBookings({ tenantId });
  const response = await fetch(`http://127.0.0.1:${booking.service.servers.http.port}/metrics`);
  const lines = (await response.text())
    .split('\n')
    .filter((line) => line.startsWith('rollcall_user_client_'));
  expect(lines).toEqual(
    expect.arrayContaining([
      'rollcall_user_client_lookups_total{rollcall_user_client_path="hit",service="booking"} 1',
      'rollcall_user_client_lookups_total{rollcall_user_client_path="miss",service="booking"} 2',
      'rollcall_user_client_degraded_lookups_total{rollcall_user_client_outcome="stale",service="booking"} 1',
      'rollcall_user_client_entries{rollcall_user_client_entry="user",service="booking"} 1',
      'rollcall_user_client_breaker_state{rollcall_user_client_breaker_state="closed",service="booking"} 1',
    ]),
  );
});
