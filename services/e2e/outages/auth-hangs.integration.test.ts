import { setTimeout as sleep } from 'node:timers/promises';
import { signatureOf, storyEvents } from '@rollcall/billing/testing';
import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { BookingStatus, BookingUserOutcome } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { faultOf } from '@rollcall/transport/testing';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';

// One process of each service, stopped by SIGSTOP: it hangs, and its port still takes connections.

/** Longer than from a breaker's trip to its probe and to that one's end, in ms. */
const PAGE_EVERY_MS = 2_000;
const LIMIT = { timeout: 90_000 };
const BACK = { timeout: 40_000, interval: 100 };
const SECRET = 'whsec_e2e';
const AMOUNT = 1999;
const METRICS = {
  batches: /^rollcall_user_client_batches_total\{.*\} (\d+)$/m,
  unavailable: /^rollcall_user_client_degraded_lookups_total\{.*"unavailable".*\} (\d+)$/m,
  refusedSearches: /^rollcall_outgoing_refused_total\{.*SearchUsers".*\} (\d+)$/m,
  authIsClosed: /^rollcall_outgoing_breaker_state\{target="auth",state="closed",.*\} (\d+)$/m,
  bookingIsClosed: /^rollcall_outgoing_breaker_state\{target="booking",state="closed",.*\} (\d+)$/m,
  searchesInTime: /^rollcall_outgoing_duration_seconds_count\{.*SearchUsers",code="OK"\} (\d+)$/m,
};

const stack = new AsyncDisposableStack();
let processes: Record<'auth' | 'writer' | 'reader' | 'billing', ServiceProcess>;
let admin: UserAdminClient;
/** Of the process that made the bookings, and of one that knows none of their users yet. */
let bookings: BookingClient;
let pages: BookingClient;
let tenants: string[];

beforeAll(async () => {
  const urlOf = async (name: 'auth' | 'booking' | 'billing') => stack.use(await createTestDatabase(name)).url;
  const [authUrl, bookingUrl] = [await urlOf('auth'), await urlOf('booking')];
  const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: authUrl }));
  const AUTH_ADDRESS = `127.0.0.1:${auth.grpcPort}`;
  const env = { BOOKING_DATABASE_URL: bookingUrl, AUTH_ADDRESS };
  const writer = stack.use(await startService('booking', env));
  admin = stack.use(createUserAdminClient({ address: AUTH_ADDRESS, defaultTimeoutMs: 10_000 }));
  bookings = stack.use(
    createBookingClient({ address: `127.0.0.1:${writer.grpcPort}`, defaultTimeoutMs: 20_000 }),
  );
  tenants = [];
  for (let i = 0; i < 6; i++) {
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId, { firstName: 'Ada', lastName: 'Lovelace' });
    await book(tenantId, id);
    tenants.push(tenantId);
  }
  const reader = stack.use(await startService('booking', env));
  pages = stack.use(
    createBookingClient({ address: `127.0.0.1:${reader.grpcPort}`, defaultTimeoutMs: 20_000 }),
  );
  const billing = stack.use(
    await startService('billing', {
      BILLING_DATABASE_URL: await urlOf('billing'),
      AUTH_ADDRESS,
      BOOKING_ADDRESS: `127.0.0.1:${writer.grpcPort}`,
      STRIPE_WEBHOOK_SECRETS: SECRET,
    }),
  );
  processes = { auth, writer, reader, billing };
}, 60_000);
afterAll(() => stack.disposeAsync());

async function book(tenantId: string, userId: string): Promise<string> {
  const amount = { currencyCode: 'EUR', minorUnits: BigInt(AMOUNT) };
  const dates = { startDate: '2026-05-01', endDate: '2026-05-03' };
  const { booking } = await bookings.createBooking({ tenantId, booking: { ...dates, userId, amount } });
  return booking?.id ?? '';
}

/** Stops a process until it is told to go on, or the test ends. */
function hang({ pid }: ServiceProcess): Disposable {
  process.kill(pid, 'SIGSTOP');
  return { [Symbol.dispose]: () => void process.kill(pid, 'SIGCONT') };
}

async function metricsOf({ httpPort }: ServiceProcess): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
}

async function metric(of: ServiceProcess, what: keyof typeof METRICS): Promise<number> {
  return Number(METRICS[what].exec(await metricsOf(of))?.[1] ?? 0);
}

/** What became of attempts at jobs of this task, and how many of them wait. */
async function jobsOf(of: ServiceProcess, task: string) {
  const text = await metricsOf(of);
  const attempts = (outcome: string) => {
    const line = `^rollcall_outbox_attempts_total\\{task="${task}",outcome="${outcome}",.*\\} (\\d+)$`;
    return Number(new RegExp(line, 'm').exec(text)?.[1] ?? 0);
  };
  const waiting = new RegExp(`^rollcall_outbox_waiting\\{task="${task}",.*\\} (\\d+)$`, 'm').exec(text);
  return {
    ...{ done: attempts('done'), away: attempts('away') },
    burnt: attempts('failed') + attempts('dead'),
    waiting: Number(waiting?.[1] ?? 0),
  };
}

it(
  'A5: the pages of a quiet booking service wait for a hanging auth service twice, and then no more',
  LIMIT,
  async () => {
    const outcome = async (tenantId: string) =>
      (await pages.listBookings({ tenantId })).bookings.map(({ user }) => user?.outcome);
    const { auth, reader } = processes;
    const [connected = '', ...unknown] = tenants;
    expect(await outcome(connected)).toEqual([BookingUserOutcome.FOUND]);
    const before = await metric(reader, 'batches');
    {
      using _hanging = hang(auth);
      for (const tenantId of unknown)
        expect(await outcome(tenantId)).toEqual([BookingUserOutcome.UNAVAILABLE]);
      expect(await metric(reader, 'unavailable')).toBe(5);
      // Further apart than the breaker's probes: each page would be one of them.
      for (const tenantId of unknown.slice(0, 3)) {
        await sleep(PAGE_EVERY_MS);
        expect(await outcome(tenantId)).toEqual([BookingUserOutcome.UNAVAILABLE]);
      }
      // The pages asked twice; what was asked since, the client asked by itself.
      expect((await metric(reader, 'batches')) - before).toBe(2);
    }
    await expect
      .poll(async () => (await Promise.all(unknown.map(outcome))).flat(), BACK)
      .toEqual(unknown.map(() => BookingUserOutcome.FOUND));
  },
);

it(
  'outgoing-breakers: searches wait for a hanging auth service twice, and what it is to be told waits without losing attempts',
  LIMIT,
  async () => {
    const { auth, writer, reader } = processes;
    const [tenantId = ''] = tenants;
    const search = () => pages.listBookings({ tenantId, userQuery: 'ada' });
    const [booked] = (await search()).bookings;
    const userId = booked?.userId ?? '';
    await expect.poll(async () => (await jobsOf(writer, 'user.activity')).waiting, BACK).toBe(0);
    const before = await jobsOf(writer, 'user.activity');
    const made: string[] = [];
    {
      using _hanging = hang(auth);
      for (let i = 0; i < 2; i++) expect(await faultOf(search())).toMatchObject({ code: 'Unavailable' });
      expect(await metric(reader, 'refusedSearches')).toBe(0);
      for (let i = 1; i <= 5; i++) {
        expect(await faultOf(search())).toMatchObject({
          code: 'Unavailable',
          reason: 'USER_SEARCH_UNAVAILABLE',
          message: expect.stringContaining('auth'),
        });
        expect(await metric(reader, 'refusedSearches')).toBe(i);
      }
      expect(await metric(reader, 'authIsClosed')).toBe(0);
      // Known to this process from before; what they do is to be told.
      for (let i = 0; i < 3; i++) made.push(await book(tenantId, userId));
      await expect.poll(() => metric(writer, 'authIsClosed'), BACK).toBe(0);
      await expect
        .poll(async () => (await jobsOf(writer, 'user.activity')).away, BACK)
        .toBeGreaterThan(before.away + 1);
    }
    await expect.poll(() => search().then(({ bookings }) => bookings.length, String), BACK).toBe(4);
    const told = async () => {
      const { entries } = await admin.listTimeline({ tenantId, id: userId });
      const kinds = entries.map(({ entry }) => (entry.case === 'activity' ? entry.value.kind : ''));
      return kinds.filter((kind) => kind === 'booking.created').length;
    };
    await expect.poll(told, BACK).toBe(1 + made.length);
    for (const of of [writer, reader]) await expect.poll(() => metric(of, 'authIsClosed'), BACK).toBe(1);
    for (const task of ['user.activity', 'user.statistics'])
      expect(await jobsOf(writer, task)).toMatchObject({ burnt: 0 });
    expect(await metric(reader, 'searchesInTime')).toBeGreaterThan(1);
  },
);

it(
  'outgoing-breakers: what billing is to tell a hanging booking service waits, and is told once it goes on',
  LIMIT,
  async () => {
    const { writer, billing } = processes;
    const [tenantId = ''] = tenants.slice(1);
    const [booked] = (await pages.listBookings({ tenantId })).bookings;
    const metadata = { tenant_id: tenantId, user_id: booked?.userId ?? '', booking_id: booked?.id ?? '' };
    const story = storyEvents({ name: 'hangs', amount: AMOUNT, metadata });
    const body = JSON.stringify(
      story.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: AMOUNT }),
    );
    const statusOf = async () => (await pages.listBookings({ tenantId })).bookings[0]?.status;
    {
      using _hanging = hang(writer);
      const headers = { 'stripe-signature': signatureOf(body, SECRET) };
      const url = `http://127.0.0.1:${billing.httpPort}/webhooks/stripe`;
      expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(200);
      await expect.poll(() => metric(billing, 'bookingIsClosed'), BACK).toBe(0);
      expect(await statusOf()).toBe(BookingStatus.PENDING);
      // Another target is asked as ever.
      expect(await metric(billing, 'authIsClosed')).toBe(1);
    }
    await expect.poll(statusOf, BACK).toBe(BookingStatus.PAID);
    await expect.poll(() => metric(billing, 'bookingIsClosed'), BACK).toBe(1);
    // Booking may have done what it was told before it hung, which billing does not know before it tells it
    // again.
    await expect
      .poll(() => jobsOf(billing, 'booking.payment'), BACK)
      .toMatchObject({ burnt: 0, done: 1, waiting: 0 });
  },
);
