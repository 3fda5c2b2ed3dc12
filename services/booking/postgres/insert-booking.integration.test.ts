import { createLogger, Secret } from '@rollcall/runtime';
import { createPool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import type { Users } from '@rollcall/user-access';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BookingPets } from '../bookings/booking-pets.ts';
import type { BookingWrites } from '../bookings/booking-store.ts';
import { createBooking } from '../bookings/create-booking.ts';
import { createPostgresBookingWrites } from './booking-store.ts';

const stack = new AsyncDisposableStack();
let writes: BookingWrites;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('booking'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(database.url), maxConnections: 2, statementTimeoutMs: 5000, logger };
  writes = createPostgresBookingWrites(stack.adopt(createPool(options), (each) => each.end()));
});

afterAll(() => stack.disposeAsync());

it('draws another reference when the first one is taken', async () => {
  expect(await make(['TAKEN'])).toBe('TAKEN');
  expect(await make(['TAKEN', 'TAKEN', 'FREE'])).toBe('FREE');
});

it('gives up when every reference is taken', async () => {
  await make(['ALWAYS']);
  await expect(make(Array.from({ length: 100 }, () => 'ALWAYS'))).rejects.toThrow('5 drawn references');
});

it('tells a fault of the database from an existing booking', async () => {
  const booking = { ...BOOKING, tenantId: 'acme', id: 'not-a-uuid', reference: 'X', payment: null };
  const now = new Date();
  await expect(
    writes.insert({ ...booking, createTime: now, updateTime: now }, undefined, []),
  ).rejects.toThrow('invalid input syntax for type uuid');
});

const BOOKING = {
  userId: null,
  vendorId: null,
  petIds: [],
  contactDetails: null,
  status: 'PENDING',
  startDate: '2026-05-01',
  endDate: '2026-05-02',
  amount: null,
  title: '',
} as const;

const nobody: Users = { lookUp: () => Promise.reject(new Error('no user was given')) };

const none: BookingPets = { ownedBy: () => Promise.reject(new Error('no pet was given')) };

/** Creates a booking whose references are drawn in this order, and returns its reference. */
async function make(draws: string[]): Promise<string> {
  const rest = draws.values();
  const newReference = () => rest.next().value ?? '';
  const { signal } = new AbortController();
  const { booking } = await createBooking(
    { writes, users: nobody, pets: none, newReference },
    { tenantId: 'acme', booking: { ...BOOKING, reference: '' }, signal },
  );
  return booking.reference;
}
