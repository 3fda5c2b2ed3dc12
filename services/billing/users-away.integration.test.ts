import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  BookingService,
  type RecordBookingPaymentRequest,
  RecordBookingPaymentResponseSchema,
} from '@rollcall/contract/booking';
import { AttachedUserOutcome, UserView } from '@rollcall/contract/user';
import { Secret } from '@rollcall/runtime';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuthUnderTest, startAuth } from '../user-access/testing/start-auth.ts';
import { randomLetters } from './stripe/samples/sample-payment.ts';
import { shuffled } from './stripe/samples/shuffle.ts';
import { STORIES, storyOf } from './stripe/samples/stories.ts';
import { postEvent } from './stripe-cli/post-event.ts';
import { type BillingUnderTest, startBilling } from './testing/start-billing.ts';

const tenantId = 'acme';
const SECRET = 'whsec_test';
const AMOUNT = 1000;
const stack = new AsyncDisposableStack();
const reports: RecordBookingPaymentRequest[] = [];
let areBookingsAway = true;
let auth: AuthUnderTest;
let billing: BillingUnderTest;

beforeAll(async () => {
  auth = stack.use(await startAuth());
  const bookings = stack.use(
    await startGrpcTestServer(BookingService, {
      recordBookingPayment: (request) => {
        if (areBookingsAway) throw new ConnectError('away', Code.Unavailable);
        reports.push(request);
        return create(RecordBookingPaymentResponseSchema);
      },
    }),
  );
  billing = stack.use(
    await startBilling({
      ...{ AUTH_ADDRESS: auth.address, BOOKING_ADDRESS: bookings.address },
      STRIPE_WEBHOOK_SECRETS: `whsec_retired, ${SECRET}`,
    }),
  );
});

afterAll(() => stack.disposeAsync());

/** Every event of one payment of each story. */
function eventsOf(userId: string, bookingId: string) {
  const created = Math.floor(Date.now() / 1000) - 3600;
  const metadata = { tenant_id: tenantId, user_id: userId, booking_id: bookingId };
  return STORIES.flatMap((story) => {
    const id = `pi_${randomLetters(24)}`;
    return storyOf(story, { id, amount: AMOUNT, currency: 'eur', created, customer: null, metadata });
  });
}

const waiting = () =>
  billing.sql('select from graphile_worker.jobs where attempts < max_attempts or locked_at is not null');
const patient = { timeout: 15_000, interval: 50 };

async function spentOf(id: string): Promise<string[]> {
  const { user } = await auth.users.getUser({ tenantId, id, view: UserView.FULL });
  const spent = user?.profile?.statistics?.totalSpent ?? [];
  return spent.map(({ currencyCode, minorUnits }) => `${currencyCode} ${minorUnits}`);
}

it('payments apply while the user and booking services are away; both get correct reports once they are back', async () => {
  const [userId, bookingId] = [await auth.createUser(tenantId), randomUUID()];
  await auth.kill();
  const events = eventsOf(userId, bookingId);
  const url = new URL('/webhooks/stripe', billing.httpUrl);
  for (const event of [...shuffled(events, 7), ...shuffled(events, 8).slice(0, 5)])
    expect(await postEvent(url, event, new Secret(SECRET))).toMatchObject({ status: 200 });
  const open = () => billing.sql(`select from stripe_events where state <> 'applied'`);
  await expect.poll(open, patient).toEqual([]);

  const { payments } = await billing.payments.listPayments({ tenantId, userId });
  expect(payments).toHaveLength(STORIES.length);
  const sumOf = (of: 'captured' | 'refunded') =>
    payments.reduce((sum, payment) => sum + (payment[of]?.minorUnits ?? 0n), 0n);
  const [captured, refunded] = [sumOf('captured'), sumOf('refunded')];
  // All but the canceled payment were captured. The stories with refunds refund everything.
  expect([captured, refunded]).toEqual([6n * BigInt(AMOUNT), 2n * BigInt(AMOUNT)]);
  const customers = await billing.customers.listCustomers({ tenantId });
  expect(customers.customers).toEqual([]);
  expect((await waiting()).length).toBeGreaterThan(0);

  await auth.start();
  areBookingsAway = false;
  await expect.poll(waiting, patient).toEqual([]);
  expect(await billing.sql('select from graphile_worker.jobs')).toEqual([]);
  expect(await spentOf(userId)).toEqual([`EUR ${captured - refunded}`]);
  expect(reports.at(-1)).toMatchObject({
    ...{ tenantId, id: bookingId },
    paid: { currencyCode: 'EUR', minorUnits: captured },
    refunded: { currencyCode: 'EUR', minorUnits: refunded },
  });
  const { entries } = await auth.admin.listTimeline({ tenantId, id: userId, pageSize: 1000 });
  const kinds = entries.map(({ entry }) => (entry.case === 'activity' ? entry.value.kind : entry.case));
  const countOf = (kind: string) => kinds.filter((each) => each === kind).length;
  expect(['payment.succeeded', 'payment.disputed', 'payment.canceled'].map(countOf)).toEqual([6, 2, 1]);
});

it('a payment from before its customer is known becomes the customer’s, and is reported then', async () => {
  const userId = await auth.createUser(tenantId);
  const customer = `cus_${randomLetters(14)}`;
  const created = Math.floor(Date.now() / 1000) - 3600;
  const payment = {
    id: `pi_${randomLetters(24)}`,
    amount: AMOUNT,
    currency: 'eur',
    created,
    customer,
    metadata: {},
  };
  const url = new URL('/webhooks/stripe', billing.httpUrl);
  for (const event of storyOf('paid', payment)) await postEvent(url, event, new Secret(SECRET));
  const sold = await billing.sell({ minorUnits: 0n });
  const { customer: shown } = await billing.customers.subscribe({ tenantId, userId, ...sold });
  await billing.sql('update customers set stripe_customer_id = $1 where id = $2', [customer, userId]);
  await expect.poll(() => spentOf(userId), patient).toEqual([`EUR ${AMOUNT}`]);
  const { payments } = await billing.payments.listPayments({ tenantId, userId });
  expect(payments.map(({ stripePaymentIntentId }) => stripePaymentIntentId)).toEqual([payment.id]);
  expect(shown?.id).toBe(userId);
  const { user } = await billing.customers.getCustomerWithProfile({ tenantId, id: userId });
  expect(user?.outcome).toBe(AttachedUserOutcome.FOUND);
});
