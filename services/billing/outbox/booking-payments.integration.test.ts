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
let requests: RecordBookingPaymentRequest[];
let fault: Code | undefined;
let runTask: (bookingId: string, currency?: string) => Promise<void>;

beforeAll(async () => {
  const database = stack.use(await createTestDatabase('billing'));
  const server = stack.use(
    await startGrpcTestServer(BookingService, {
      recordBookingPayment: (request) => {
        requests.push(request);
        if (fault !== undefined) throw new ConnectError('requests to fail', fault);
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
  runTask = (bookingId, currency) => task({ tenantId, bookingId, currency }, call);
});

afterAll(() => stack.disposeAsync());

beforeEach(() => {
  requests = [];
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

it('reports the sum of all payments for a booking, with growing revisions', async () => {
  const bookingId = randomUUID();
  await pay(bookingId, { captured: 700 });
  await pay(bookingId, { captured: 300, refunded: 100 });
  await pay(bookingId, { captured: 0 });
  await pay(bookingId, { captured: 1, of: 'elsewhere' });
  await runTask(bookingId);
  await runTask(bookingId);
  const [first, second] = requests;
  expect(first).toMatchObject({
    ...{ tenantId, id: bookingId },
    paid: { currencyCode: 'EUR', minorUnits: 1000n },
    refunded: { currencyCode: 'EUR', minorUnits: 100n },
  });
  expect(second?.revision).toBeGreaterThan(first?.revision ?? 0n);
});

it('foreign-money: reports each currency, and nothing without a capture', async () => {
  const [mixed, empty] = [randomUUID(), randomUUID()];
  await pay(mixed, { captured: 5, currency: 'USD', at: '2026-02-01' });
  await pay(mixed, { captured: 7, currency: 'CHF', at: '2026-01-01' });
  await pay(empty, { captured: 0 });
  await runTask(mixed);
  await runTask(empty);
  expect(requests).toHaveLength(1);
  expect(requests[0]?.paid).toMatchObject({ currencyCode: 'CHF', minorUnits: 7n });
  expect(requests[0]?.otherPayments).toMatchObject([
    { paid: { currencyCode: 'USD', minorUnits: 5n }, refunded: { currencyCode: 'USD', minorUnits: 0n } },
  ]);
});

it('refund-by-charge: resets the report when every payment moved to another booking', async () => {
  const [before, after] = [randomUUID(), randomUUID()];
  await pay(before, { captured: 7, refunded: 2 });
  await runTask(before, 'EUR');
  await pool.query('update payments set booking_id = $2 where booking_id = $1', [before, after]);
  await runTask(before, 'EUR');
  await runTask(after, 'EUR');
  const sums = requests.map(({ id, paid, refunded }) => [id, paid?.minorUnits, refunded?.minorUnits]);
  expect(sums).toEqual([
    [before, 7n, 2n],
    [before, 0n, 0n],
    [after, 7n, 2n],
  ]);
  expect(requests[1]?.revision).toBeGreaterThan(requests[0]?.revision ?? 0n);
});

it('money-units: converts Stripe’s units to minor units', async () => {
  const [krona, ariary, part] = [randomUUID(), randomUUID(), randomUUID()];
  await pay(krona, { captured: 5400, currency: 'ISK' });
  await pay(ariary, { captured: 5400, currency: 'MGA' });
  await pay(part, { captured: 5450, refunded: 5400, currency: 'ISK' });
  for (const each of [krona, ariary, part]) await runTask(each);
  const units = requests.map(({ paid, refunded }) => [paid?.minorUnits, refunded?.minorUnits]);
  // Half a króna remains, which must not look like a full refund.
  expect(units).toEqual([
    [54n, 0n],
    [540_000n, 0n],
    [54n, 53n],
  ]);
});

it('foreign-money: ignores payments of another mode or account', async () => {
  const bookingId = randomUUID();
  await pay(bookingId, { captured: 7 });
  await pay(bookingId, { captured: 1000, livemode: true });
  await pay(bookingId, { captured: 1000, account: 'acct_other' });
  await runTask(bookingId);
  expect(requests.map(({ paid }) => paid?.minorUnits)).toEqual([7n]);
});

it('activity-time: reports the time of the last capture or refund, or no time when it is unknown', async () => {
  const [known, unknown] = [randomUUID(), randomUUID()];
  await pay(known, { captured: 700 });
  await pay(known, { captured: 300, currency: 'CHF' });
  await pay(unknown, { captured: 1 });
  await pool.query(
    `update payments set capture_time = '2026-01-01T23:16:00Z',
       refund_time = case currency when 'CHF' then timestamptz '2026-01-02T10:00:00Z' end where booking_id = $1`,
    [known],
  );
  await runTask(known);
  await runTask(unknown);
  expect(requests.map(({ time }) => time && timestampDate(time).toISOString())).toEqual([
    '2026-01-02T10:00:00.000Z',
    undefined,
  ]);
});

describe('T1: the revision of a booking', () => {
  const revisions = () => requests.map(({ revision }) => revision);
  const moveTo = (bookingId: string, revision: bigint) =>
    pool.query('update told_bookings set revision = $2 where booking_id = $1', [bookingId, revision]);

  it('grows by one while the clock is behind', async () => {
    const bookingId = randomUUID();
    await pay(bookingId, { captured: 1 });
    await runTask(bookingId);
    const future = (requests[0]?.revision ?? 0n) + 3_600_000n;
    await moveTo(bookingId, future);
    await runTask(bookingId);
    await runTask(bookingId);
    expect(revisions().slice(1)).toEqual([future + 1n, future + 2n]);
  });

  it('follows the clock after the database was restored', async () => {
    const bookingId = randomUUID();
    await pay(bookingId, { captured: 1 });
    await runTask(bookingId);
    await moveTo(bookingId, 1n);
    await runTask(bookingId);
    expect(requests[1]?.revision).toBeGreaterThanOrEqual(requests[0]?.revision ?? 0n);
  });
});

it.each([
  [Code.NotFound, OutboxRefusedError],
  [Code.FailedPrecondition, OutboxRefusedError],
  [Code.Unavailable, OutboxUnreachableError],
  [Code.DeadlineExceeded, OutboxUnreachableError],
  [Code.Internal, ConnectError],
])('distinguishes a refusal, an outage and a failure: %s', async (code, kind) => {
  const bookingId = randomUUID();
  await pay(bookingId, { captured: 1 });
  fault = code;
  await expect(runTask(bookingId)).rejects.toBeInstanceOf(kind);
});
