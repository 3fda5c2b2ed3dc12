import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { createBookingClient } from '@rollcall/booking-client';
import {
  BookingService,
  type RecordBookingPaymentRequest,
  RecordBookingPaymentResponseSchema,
} from '@rollcall/contract/booking';
import { createLogger, Secret } from '@rollcall/runtime';
import { OutboxRefusedError, OutboxUnreachableError } from '@rollcall/runtime/outbox';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresPaymentSums } from '../postgres/payment-sums.ts';
import { bookingPaymentTask } from './booking-payments.ts';

const tenantId = 'acme';
const call = { signal: new AbortController().signal, attempt: 1, isLast: false };
const stack = new AsyncDisposableStack();
let pool: Pool;
let told: RecordBookingPaymentRequest[];
let fault: Code | undefined;
let tell: (bookingId: string, currency?: string) => Promise<void>;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('billing'));
  const server = stack.use(
    await startGrpcTestServer(BookingService, {
      recordBookingPayment: (request) => {
        told.push(request);
        if (fault !== undefined) throw new ConnectError('told to fail', fault);
        return create(RecordBookingPaymentResponseSchema);
      },
    }),
  );
  const logger = createLogger({ service: 'billing', level: 'silent' });
  const url = new Secret(database.url);
  pool = stack.adopt(createPool({ url, maxConnections: 2, statementTimeoutMs: 5000, logger }), (each) =>
    each.end(),
  );
  const bookings = stack.use(createBookingClient({ address: server.address }));
  const task = bookingPaymentTask(bookings, createPostgresPaymentSums(pool));
  tell = (bookingId, currency) => task({ tenantId, bookingId, currency }, call);
});

afterAll(() => stack.disposeAsync());

beforeEach(() => {
  told = [];
  fault = undefined;
});

interface Paid {
  readonly captured: number;
  readonly refunded?: number;
  readonly currency?: string;
  readonly of?: string;
  readonly at?: string;
  readonly livemode?: boolean;
  readonly account?: string;
}

async function pay(
  bookingId: string,
  { captured, refunded = 0, currency = 'EUR', of = tenantId, at = '2026-01-01', livemode, account }: Paid,
) {
  const state = captured === 0 ? 'PENDING' : refunded === 0 ? 'SUCCEEDED' : 'PARTIALLY_REFUNDED';
  await pool.query(
    `insert into payments (id, stripe_payment_intent_id, tenant_id, user_id, booking_id, state, currency, amount,
       captured, refunded, create_time, update_time, livemode, stripe_account)
     values (gen_random_uuid(), gen_random_uuid()::text, $1, gen_random_uuid(), $2, $3, $4, $5, $5, $6, $7, $7, $8, $9)`,
    [of, bookingId, state, currency, captured, refunded, at, livemode, account],
  );
}

it('tells what all payments for a booking came to, with revisions that grow', async () => {
  const bookingId = randomUUID();
  await pay(bookingId, { captured: 700 });
  await pay(bookingId, { captured: 300, refunded: 100 });
  await pay(bookingId, { captured: 0 });
  await pay(bookingId, { captured: 1, of: 'elsewhere' });
  await tell(bookingId);
  await tell(bookingId);
  const [first, second] = told;
  expect(first).toMatchObject({
    ...{ tenantId, id: bookingId },
    paid: { currencyCode: 'EUR', minorUnits: 1000n },
    refunded: { currencyCode: 'EUR', minorUnits: 100n },
  });
  expect(second?.revision).toBeGreaterThan(first?.revision ?? 0n);
});

it('foreign-money: tells what came in each currency, and nothing where nothing came in', async () => {
  const [mixed, empty] = [randomUUID(), randomUUID()];
  await pay(mixed, { captured: 5, currency: 'USD', at: '2026-02-01' });
  await pay(mixed, { captured: 7, currency: 'CHF', at: '2026-01-01' });
  await pay(empty, { captured: 0 });
  await tell(mixed);
  await tell(empty);
  expect(told).toHaveLength(1);
  expect(told[0]?.paid).toMatchObject({ currencyCode: 'CHF', minorUnits: 7n });
  expect(told[0]?.otherPayments).toMatchObject([
    { paid: { currencyCode: 'USD', minorUnits: 5n }, refunded: { currencyCode: 'USD', minorUnits: 0n } },
  ]);
});

it('refund-by-charge: takes back what was told where every payment turned out to be for another booking', async () => {
  const [before, after] = [randomUUID(), randomUUID()];
  await pay(before, { captured: 7, refunded: 2 });
  await tell(before, 'EUR');
  await pool.query('update payments set booking_id = $2 where booking_id = $1', [before, after]);
  await tell(before, 'EUR');
  await tell(after, 'EUR');
  const sums = told.map(({ id, paid, refunded }) => [id, paid?.minorUnits, refunded?.minorUnits]);
  expect(sums).toEqual([
    [before, 7n, 2n],
    [before, 0n, 0n],
    [after, 7n, 2n],
  ]);
  expect(told[1]?.revision).toBeGreaterThan(told[0]?.revision ?? 0n);
});

it('money-units: tells minor units of what Stripe counts in other units', async () => {
  const [krona, ariary, part] = [randomUUID(), randomUUID(), randomUUID()];
  await pay(krona, { captured: 5400, currency: 'ISK' });
  await pay(ariary, { captured: 5400, currency: 'MGA' });
  await pay(part, { captured: 5450, refunded: 5400, currency: 'ISK' });
  for (const each of [krona, ariary, part]) await tell(each);
  const units = told.map(({ paid, refunded }) => [paid?.minorUnits, refunded?.minorUnits]);
  // Half a króna stays: it must not look as if all went back.
  expect(units).toEqual([
    [54n, 0n],
    [540_000n, 0n],
    [54n, 53n],
  ]);
});

it('foreign-money: tells nothing of what was paid in another mode or to another account', async () => {
  const bookingId = randomUUID();
  await pay(bookingId, { captured: 7 });
  await pay(bookingId, { captured: 1000, livemode: true });
  await pay(bookingId, { captured: 1000, account: 'acct_other' });
  await tell(bookingId);
  expect(told.map(({ paid }) => paid?.minorUnits)).toEqual([7n]);
});

it('activity-time: tells when the last of it came in or went back, and nothing where that is not known', async () => {
  const [known, unknown] = [randomUUID(), randomUUID()];
  await pay(known, { captured: 700 });
  await pay(known, { captured: 300, currency: 'CHF' });
  await pay(unknown, { captured: 1 });
  await pool.query(
    `update payments set capture_time = '2026-01-01T23:16:00Z',
       refund_time = case currency when 'CHF' then timestamptz '2026-01-02T10:00:00Z' end where booking_id = $1`,
    [known],
  );
  await tell(known);
  await tell(unknown);
  expect(told.map(({ time }) => time && timestampDate(time).toISOString())).toEqual([
    '2026-01-02T10:00:00.000Z',
    undefined,
  ]);
});

describe('T1: the revision of a booking', () => {
  const revisions = () => told.map(({ revision }) => revision);
  const moveTo = (bookingId: string, revision: bigint) =>
    pool.query('update told_bookings set revision = $2 where booking_id = $1', [bookingId, revision]);

  it('grows by one while the clock is behind the one before', async () => {
    const bookingId = randomUUID();
    await pay(bookingId, { captured: 1 });
    await tell(bookingId);
    const future = (told[0]?.revision ?? 0n) + 3_600_000n;
    await moveTo(bookingId, future);
    await tell(bookingId);
    await tell(bookingId);
    expect(revisions().slice(1)).toEqual([future + 1n, future + 2n]);
  });

  it('follows the clock where the database was set back', async () => {
    const bookingId = randomUUID();
    await pay(bookingId, { captured: 1 });
    await tell(bookingId);
    await moveTo(bookingId, 1n);
    await tell(bookingId);
    expect(told[1]?.revision).toBeGreaterThanOrEqual(told[0]?.revision ?? 0n);
  });
});

it.each([
  [Code.NotFound, OutboxRefusedError],
  [Code.FailedPrecondition, OutboxRefusedError],
  [Code.Unavailable, OutboxUnreachableError],
  [Code.DeadlineExceeded, OutboxUnreachableError],
  [Code.Internal, ConnectError],
])('tells for good, for now and for once from one another: %s', async (code, kind) => {
  const bookingId = randomUUID();
  await pay(bookingId, { captured: 1 });
  fault = code;
  await expect(tell(bookingId)).rejects.toBeInstanceOf(kind);
});
