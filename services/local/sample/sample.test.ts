import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BookingStatus } from '@rollcall/contract/booking';
import { UserRole } from '@rollcall/contract/user';
import { ActivityState, VerificationState } from '@rollcall/contract/vendor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLocalConfig } from '../config.ts';
import { bookingInvoices } from './money/booking-invoices.ts';
import { bookingPayments } from './money/booking-payments.ts';
import { SAMPLE_AREAS, SAMPLE_PLANS, SUBSCRIBED_PLAN, sampleCustomers } from './money/sample-plans.ts';
import { sampleBookings } from './sample-bookings.ts';
import { samplePets } from './sample-pets.ts';
import { planSample, writeSampleState } from './sample-state.ts';
import { sampleUsers } from './sample-users.ts';
import { sampleVendors } from './sample-vendors.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the sample', () => {
  it('is the same every time', () => {
    expect(sampleUsers()).toEqual(sampleUsers());
    for (const make of [sampleBookings, sampleVendors, samplePets])
      expect(make(sampleUsers())).toEqual(make(sampleUsers()));
    // The READMEs name this one.
    expect(sampleUsers()[0]).toMatchObject({
      userId: '019b8d2b-8c00-7957-8062-6d765bdcc4fd',
      user: { firstName: 'Agnieszka', lastName: 'Sikora', email: 'agnieszka.sikora.1@example.com' },
    });
  });

  it('has 200 users with ids, request ids and e-mail addresses of their own', () => {
    const users = sampleUsers();
    expect(users).toHaveLength(200);
    for (const key of [
      (at: number) => users[at]?.userId,
      (at: number) => users[at]?.requestId,
      (at: number) => users[at]?.user.email,
    ]) {
      expect(new Set(users.map((_, at) => key(at))).size).toBe(200);
    }
    for (const { userId, requestId, user } of users) {
      expect(userId).toMatch(UUID_V7);
      expect(requestId).toMatch(UUID_V7);
      expect(user.email).toMatch(/^[a-z]+\.[a-z]+\.\d+@example\.(com|org|net)$/);
    }
  });

  it('has 500 bookings of customers, some of nobody, all with vendors, none that ends before it starts', () => {
    const users = sampleUsers();
    const bookings = sampleBookings(users).map(({ request }) => request);
    expect(bookings).toHaveLength(500);
    expect(new Set(bookings.map(({ requestId }) => requestId)).size).toBe(500);
    expect(new Set(bookings.map(({ booking }) => booking.reference)).size).toBe(500);
    const customers = idsOf(UserRole.CUSTOMER);
    const guests = bookings.map(({ booking }) => booking.userId).filter((id) => id !== '');
    expect(guests).toHaveLength(480);
    expect(guests.every((id) => customers.has(id))).toBe(true);
    const vendors = idsOf(UserRole.VENDOR);
    expect(bookings.every(({ booking }) => vendors.has(booking.vendorId))).toBe(true);
    expect(bookings.every(({ booking }) => booking.endDate > booking.startDate)).toBe(true);
  });

  it('has reviews of bookings that took place, by somebody', () => {
    const reviewed = sampleBookings(sampleUsers()).filter(({ review }) => review);
    expect(reviewed.length).toBeGreaterThan(50);
    expect(new Set(reviewed.map(({ review }) => review?.requestId)).size).toBe(reviewed.length);
    const statuses = new Set(reviewed.map(({ request }) => request.booking.status));
    expect([...statuses].sort()).toEqual([BookingStatus.COMPLETED, BookingStatus.ATTENDED]);
    expect(reviewed.every(({ request }) => request.booking.userId !== '')).toBe(true);
  });

  it('has vendors of every state, of whom only the verified publish, and pets of customers', () => {
    const users = sampleUsers();
    const vendors = sampleVendors(users);
    expect(new Set(vendors.map(({ request }) => request.vendor.userId))).toEqual(idsOf(UserRole.VENDOR));
    const { SUBMITTED, VERIFIED, REJECTED, SUSPENDED } = VerificationState;
    expect(new Set(vendors.map(({ way }) => way.at(-1)))).toEqual(
      new Set([SUBMITTED, VERIFIED, REJECTED, SUSPENDED]),
    );
    const publishing = vendors.filter(({ offers }) =>
      offers.some(({ activity }) => activity.state === ActivityState.PUBLISHED),
    );
    expect(publishing.every(({ way }) => way.at(-1) === VERIFIED)).toBe(true);
    const customers = idsOf(UserRole.CUSTOMER);
    const pets = samplePets(users);
    expect(pets.length).toBeGreaterThan(30);
    expect(pets.every(({ pet }) => customers.has(pet.userId))).toBe(true);
  });
});

describe('the money of the sample', () => {
  const users = sampleUsers();
  const bookings = sampleBookings(users);
  const payments = bookingPayments(bookings);
  const statusOf = new Map(bookings.map(({ request: { booking } }) => [booking.reference, booking.status]));
  const stepsOf = (reference: string) => payments.get(reference)?.steps.map(({ type }) => type) ?? [];

  it('empty-billing: is the same every time', () => {
    expect(bookingPayments(sampleBookings(sampleUsers()))).toEqual(payments);
    expect(bookingInvoices(sampleBookings(sampleUsers()))).toEqual(bookingInvoices(bookings));
    expect(sampleCustomers(sampleUsers())).toEqual(sampleCustomers(users));
  });

  it('empty-billing: has money for every PAID booking, and none for one that is pending', () => {
    for (const [reference, status] of statusOf) {
      const hasPaid = stepsOf(reference).includes('payment_intent.succeeded');
      if (status === BookingStatus.PAID) expect(hasPaid, reference).toBe(true);
      if (status === BookingStatus.PENDING) expect(hasPaid, reference).toBe(false);
      // Who cancelled has all of it back, whether at once or in parts.
      if (status === BookingStatus.CANCELLED)
        expect(hasPaid, reference).toBe(stepsOf(reference).includes('refund.updated'));
    }
    const paid = [...statusOf].filter(([reference]) =>
      stepsOf(reference).includes('payment_intent.succeeded'),
    );
    const { PAID, COMPLETED, ATTENDED, CANCELLED } = BookingStatus;
    expect(new Set(paid.map(([, status]) => status))).toEqual(
      new Set([PAID, COMPLETED, ATTENDED, CANCELLED]),
    );
  });

  it('empty-billing: has refunds of all and of a part, attempts that failed, and disputes that were won and lost', () => {
    const steps = [...payments.values()].flatMap((payment) => payment.steps);
    const types = new Set(steps.map(({ type }) => type));
    for (const type of ['charge.refunded', 'refund.updated', 'payment_intent.payment_failed']) {
      expect(types).toContain(type);
    }
    expect(steps.some(({ thirds }) => thirds)).toBe(true);
    expect(new Set(steps.map(({ outcome }) => outcome))).toEqual(new Set([undefined, 'won', 'lost']));
  });

  it('empty-billing: leaves no doubt which event of a payment is the newer one, and gives each payment an id of its own', () => {
    const ids = [...payments.values()].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, createdS, steps } of payments.values()) {
      expect(id).toMatch(/^pi_[A-Za-z0-9]+$/);
      expect(Number.isInteger(createdS)).toBe(true);
      const seconds = steps.map(({ afterS }) => afterS);
      expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
    }
  });

  it('empty-billing: has customers of a plan that costs nothing, in every area, some of whom have left', () => {
    const customers = sampleCustomers(users);
    const plan = SAMPLE_PLANS.find(({ code }) => code === SUBSCRIBED_PLAN);
    expect(Object.values(plan?.prices ?? { none: 1n }).every((price) => price === 0n)).toBe(true);
    expect(customers.every(({ request }) => idsOf(UserRole.CUSTOMER).has(request.userId))).toBe(true);
    expect(new Set(customers.map(({ areaCode }) => areaCode)).size).toBeGreaterThan(1);
    expect(customers.some(({ end }) => end)).toBe(true);
    expect(customers.some(({ end }) => !end)).toBe(true);
  });

  it('empty-billing: leaves to whoever pastes the calls of the READMEs what those make: the first user, areas and plans', () => {
    const readme = readFileSync(new URL('../../billing/README.md', import.meta.url), 'utf8');
    const made = [...readme.matchAll(/"code":"([a-z-]+)"/g)].map(([, code]) => code ?? '');
    expect(made).toEqual(['eu', 'basic']);
    const codes: string[] = [...SAMPLE_AREAS, ...SAMPLE_PLANS].map(({ code }) => code);
    expect(codes.filter((code) => made.includes(code))).toEqual([]);
    expect(sampleCustomers(users).map(({ request }) => request.userId)).not.toContain(users[0]?.userId);
  });

  it('empty-billing: has invoices of bookings that took place, by somebody, some of them taken back', () => {
    const invoices = bookingInvoices(bookings);
    const userOf = new Map(bookings.map(({ request: { booking } }) => [booking.reference, booking.userId]));
    for (const reference of invoices.keys()) {
      expect(statusOf.get(reference)).toBe(BookingStatus.COMPLETED);
      expect(userOf.get(reference)).not.toBe('');
    }
    expect(new Set([...invoices.values()].map(({ isVoided }) => isVoided))).toEqual(new Set([true, false]));
  });
});

const idsOf = (role: UserRole) =>
  new Set(
    sampleUsers()
      .filter(({ user }) => user.role === role)
      .map(({ userId }) => userId),
  );

describe('planSample', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-sample-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const plan = (args: string[] = [], env: NodeJS.ProcessEnv = {}) =>
    planSample(readLocalConfig(env, args), directory);

  it('loads on the first start, and again until all of it is in', () => {
    expect(plan()).toEqual({ load: true });
    expect(plan()).toEqual({ load: true });
    writeSampleState(directory, 'loaded');
    expect(plan()).toMatchObject({ load: false, loaded: true });
  });

  it('does without for good where the first start said so', () => {
    expect(plan(['--no-sample'])).toMatchObject({ load: false, loaded: false });
    expect(plan()).toMatchObject({ load: false, loaded: false });
  });

  it('never writes into a database that is not its own', () => {
    expect(plan([], { AUTH_DATABASE_URL: 'postgres://u:p@db/auth' })).toMatchObject({
      load: false,
      loaded: false,
    });
    expect(plan()).toEqual({ load: true });
  });
});
