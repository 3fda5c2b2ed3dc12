import { expect, it } from 'vitest';
import type { BookingWrites, DecidedChange, LockedBooking } from './booking-store.ts';
import { changeBooking } from './change-booking.ts';

const held = {
  ...{ tenantId: 'acme', id: 'b1', userId: 'u1', reference: 'B-1' },
  ...{ status: 'PENDING', standing: 'PENDING', amount: null, payment: null },
} as unknown as LockedBooking;

async function changed(happenTime?: Date): Promise<DecidedChange | undefined> {
  let decided: DecidedChange | undefined;
  const writes = {
    change: async (
      _tenantId: string,
      _id: string,
      decide: (of: LockedBooking) => DecidedChange | undefined,
    ) => {
      decided = decide(held);
      return held;
    },
  } as unknown as BookingWrites;
  await changeBooking(writes, held, () => ({
    manualStatus: 'PENDING',
    status: 'PAID',
    payment: null,
    happenTime,
  }));
  return decided;
}

it('activity-time: reports a change with the time at which it happened, and records it with the current time', async () => {
  const [happenTime, before] = [new Date('2026-01-01T23:16:00Z'), Date.now()];
  const decided = await changed(happenTime);
  expect(decided?.reports).toMatchObject([{ activity: { kind: 'booking.paid', time: happenTime } }]);
  expect(decided?.change.updateTime.getTime()).toBeGreaterThanOrEqual(before);
});

it('activity-time: reports a change without such a time with the current time', async () => {
  const decided = await changed();
  expect(decided?.reports).toMatchObject([{ activity: { time: decided?.change.updateTime } }]);
});
