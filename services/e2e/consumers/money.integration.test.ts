import { type StoryEvent, signatureOf, storyEvents } from '@rollcall/billing/testing';
import { createPaymentClient } from '@rollcall/billing-client';
import { createBookingClient, createReviewClient } from '@rollcall/booking-client';
import { type Payment, PaymentState } from '@rollcall/contract/billing';
import { BookingStatus, BookingUserOutcome, PaymentMatch } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserRole, UserService, UserView } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createServiceClient } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const SECRET = 'whsec_e2e';
const AMOUNT = 1999;
const PART = 500;
const PATIENCE = { timeout: 30_000, interval: 50 };

describe('bookings, reviews, payments and refunds of one user', () => {
  it('agree after a shuffled replay, although the user service was away for all of it', {
    timeout: 180_000,
  }, async () => {
    await using house = await openHouse();
    const { bookings, reviews, payments } = house;
    const tenantId = freshTenant();
    const [customer, vendor] = await house.withOwner(async (admin) => [
      await seedUser({ admin }, tenantId, { displayName: 'Ada Lovelace' }),
      await seedUser({ admin }, tenantId, { displayName: 'Grace', role: UserRole.VENDOR }),
    ]);
    const book = async (reference: string) => {
      const amount = { currencyCode: 'EUR', minorUnits: BigInt(AMOUNT) };
      const dates = { startDate: '2026-05-01', endDate: '2026-05-03' };
      const parties = { userId: customer.id, vendorId: vendor.id };
      const { booking } = await bookings.createBooking({
        tenantId,
        booking: { reference, amount, ...dates, ...parties },
      });
      return booking?.id as string;
    };
    const [kept, returned] = [await book('KEPT'), await book('RETURNED')];
    await house.loseOwner();

    const metadata = { tenant_id: tenantId, user_id: customer.id };
    const events = [
      ...refundedPayment({ name: 'kept', metadata: { ...metadata, booking_id: kept } }, PART),
      ...refundedPayment(
        { name: 'returned', stepS: 0, metadata: { ...metadata, booking_id: returned } },
        AMOUNT,
      ),
    ];
    await house.deliver(shuffled([...events, ...events]));

    const history = async () =>
      (await payments.listPayments({ tenantId, userId: customer.id })).payments.map(tellPayment).sort();
    const settled = [
      `${returned} REFUNDED ${AMOUNT} ${AMOUNT}`,
      `${kept} PARTIALLY_REFUNDED ${AMOUNT} ${PART}`,
    ].sort();
    await expect.poll(history, PATIENCE).toEqual(settled);
    const page = async () =>
      (await bookings.listBookings({ tenantId, userId: customer.id })).bookings.map(
        ({ reference, status, user }) =>
          `${reference} ${nameOf(BookingStatus, status)} ${user?.user?.displayName}`,
      );
    await expect.poll(page, PATIENCE).toEqual(['RETURNED REFUNDED Ada Lovelace', 'KEPT PAID Ada Lovelace']);
    const [shown] = (await bookings.listBookings({ tenantId })).bookings;
    expect(shown?.user?.outcome).toBe(BookingUserOutcome.FOUND);
    await bookings.changeBookingStatus({ tenantId, id: kept, status: BookingStatus.COMPLETED });
    await reviews.createReview({ tenantId, review: { bookingId: kept, rating: 4, text: 'Quiet.' } });

    await house.withOwner(async (admin, users) => {
      const told = async () => {
        const { user } = await users.getUser({ tenantId, id: customer.id, view: UserView.FULL });
        const { user: rated } = await users.getUser({ tenantId, id: vendor.id, view: UserView.BASIC });
        const { totalBookings, totalSpent } = user?.profile?.statistics ?? {};
        const spent = totalSpent?.map(({ currencyCode, minorUnits }) => `${minorUnits} ${currencyCode}`);
        return { totalBookings, spent, rating: rated?.averageRating, reviews: rated?.totalReviews };
      };
      const figures = { totalBookings: 2n, spent: [`${AMOUNT - PART} EUR`], rating: 4, reviews: 1 };
      await expect.poll(told, PATIENCE).toEqual(figures);
      const kinds = async () => {
        const { entries } = await admin.listTimeline({ tenantId, id: customer.id });
        return entries.map(({ entry }) => (entry.case === 'activity' ? entry.value.kind : entry.case)).sort();
      };
      const before = [
        ...['booking.completed', 'booking.created', 'booking.created', 'booking.paid', 'booking.refunded'],
        ...[
          'payment.refunded',
          'payment.refunded',
          'payment.succeeded',
          'payment.succeeded',
          'review.written',
        ],
      ];
      await expect.poll(kinds, PATIENCE).toEqual(before);

      // A second run of all events changes nothing.
      await house.deliver(shuffled(events));
      await expect.poll(() => house.waiting(), PATIENCE).toBe(0);
      expect(await history()).toEqual(settled);
      expect(await page()).toEqual(['RETURNED REFUNDED Ada Lovelace', 'KEPT COMPLETED Ada Lovelace']);
      expect(await told()).toEqual(figures);
      expect(await kinds()).toEqual(before);
    });
    await expectOwnMoneyOnly(house);
  });
});

/** 54 kr for 5400 kr and 1 yen for 54 euros are shown, and do not make a booking PAID. */
async function expectOwnMoneyOnly({ bookings, deliver }: Awaited<ReturnType<typeof openHouse>>) {
  const tenantId = freshTenant();
  const dates = { startDate: '2026-05-01', endDate: '2026-05-03' };
  const book = async (reference: string, currencyCode: string) => {
    const amount = { currencyCode, minorUnits: 5400n };
    const { booking } = await bookings.createBooking({ tenantId, booking: { reference, amount, ...dates } });
    return booking?.id as string;
  };
  const pay = (name: string, bookingId: string, [amount, currency]: [number, string]) => {
    const metadata = { tenant_id: tenantId, booking_id: bookingId };
    return storyEvents({ name, amount, currency, metadata }).intent('payment_intent.succeeded', {
      ...{ status: 'succeeded', amount_received: amount },
    });
  };
  const [kronur, euros] = [await book('KRONUR', 'ISK'), await book('EUROS', 'EUR')];
  const page = async () =>
    (await bookings.listBookings({ tenantId, orderBy: 'create_time' })).bookings.map(
      ({ reference, status, paid, paymentMatch }) =>
        `${reference} ${nameOf(BookingStatus, status)} ${paid?.minorUnits} ${paid?.currencyCode} ${nameOf(PaymentMatch, paymentMatch)}`,
    );
  await deliver([pay('hundredths', kronur, [5400, 'isk']), pay('yen', euros, [1, 'jpy'])]);
  await expect
    .poll(page, PATIENCE)
    .toEqual(['KRONUR PENDING 54 ISK PARTIAL', 'EUROS PENDING 1 JPY OTHER_CURRENCY']);
  await deliver([pay('rest', kronur, [534_600, 'isk']), pay('all', euros, [5400, 'eur'])]);
  await expect.poll(page, PATIENCE).toEqual(['KRONUR PAID 5400 ISK FULL', 'EUROS PAID 5400 EUR FULL']);
}

type Admin = ReturnType<typeof createServiceClient<typeof UserAdminService>>;
type Users = ReturnType<typeof createServiceClient<typeof UserService>>;

/** Booking and billing on databases of their own, and a user service that comes and goes. */
async function openHouse() {
  await using stack = new AsyncDisposableStack();
  const url = async (name: 'auth' | 'booking' | 'billing') => stack.use(await createTestDatabase(name)).url;
  const [authUrl, bookingUrl, billingUrl] = [await url('auth'), await url('booking'), await url('billing')];
  const startOwner = (port = '0') =>
    startService('auth', { AUTH_DATABASE_URL: authUrl, AUTH_GRPC_PORT: port });
  let owner = await startOwner();
  stack.defer(async () => void (await owner.kill('SIGTERM')));
  const ownerPort = owner.grpcPort;
  let isOwnerHere = true;
  const AUTH_ADDRESS = `127.0.0.1:${ownerPort}`;
  const booking = stack.use(
    await startService('booking', { BOOKING_DATABASE_URL: bookingUrl, AUTH_ADDRESS }),
  );
  const address = `127.0.0.1:${booking.grpcPort}`;
  const billing = stack.use(
    await startService('billing', {
      BILLING_DATABASE_URL: billingUrl,
      AUTH_ADDRESS,
      BOOKING_ADDRESS: address,
      STRIPE_WEBHOOK_SECRETS: SECRET,
    }),
  );
  const timed = { defaultTimeoutMs: 10_000 };
  const bookings = stack.use(createBookingClient({ address, ...timed }));
  const reviews = stack.use(createReviewClient({ address, ...timed }));
  const payments = stack.use(createPaymentClient({ address: `127.0.0.1:${billing.grpcPort}`, ...timed }));
  const door = `http://127.0.0.1:${billing.httpPort}`;
  const closers = stack.move();
  return {
    bookings,
    reviews,
    payments,
    /** Does something while the user service is here, and starts it where it was before if it is not. */
    async withOwner<T>(work: (admin: Admin, users: Users) => Promise<T>): Promise<T> {
      if (!isOwnerHere) owner = await startOwner(String(ownerPort));
      isOwnerHere = true;
      using admin = createServiceClient(UserAdminService, { address: AUTH_ADDRESS, ...timed });
      using users = createServiceClient(UserService, { address: AUTH_ADDRESS, ...timed });
      return await work(admin, users);
    },
    async loseOwner() {
      isOwnerHere = false;
      await owner.kill('SIGKILL');
    },
    async deliver(events: readonly StoryEvent[]) {
      const post = async (event: StoryEvent) => {
        const body = JSON.stringify(event);
        const headers = { 'stripe-signature': signatureOf(body, SECRET) };
        expect((await fetch(`${door}/webhooks/stripe`, { method: 'POST', body, headers })).status).toBe(200);
      };
      await Promise.all(events.map(post));
    },
    /** Jobs that billing and booking still have to do for others. */
    async waiting() {
      const of = async (httpPort: number) => {
        const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
        const counts = [...metrics.matchAll(/^rollcall_outbox_waiting\{.*\} (\d+)$/gm)];
        return counts.reduce((sum, [, count]) => sum + Number(count), 0);
      };
      return (await of(billing.httpPort)) + (await of(booking.httpPort));
    },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function refundedPayment(options: Parameters<typeof storyEvents>[0], amount: number): StoryEvent[] {
  const story = storyEvents({ amount: AMOUNT, ...options });
  const captured = { captured: true, amount_captured: AMOUNT };
  return [
    story.intent('payment_intent.created', {}),
    story.charge('charge.succeeded', captured),
    story.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: AMOUNT }),
    story.refund('refund.created', { amount, status: 'pending' }),
    story.charge('charge.refunded', { ...captured, amount_refunded: amount, refunded: amount === AMOUNT }),
    story.refund('refund.updated', { amount }),
  ];
}

function tellPayment({ bookingId, state, captured, refunded }: Payment): string {
  return [bookingId, nameOf(PaymentState, state), captured?.minorUnits, refunded?.minorUnits].join(' ');
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.keys(names).find((name) => names[name] === value);
}

// The same order at each run, so that what fails once fails again.
function shuffled<T>(things: readonly T[]): T[] {
  return things
    .map((thing, i) => ({ thing, key: (i * 7919 + 17) % 101 }))
    .sort((a, b) => a.key - b.key)
    .map(({ thing }) => thing);
}
