import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { BookingStatus, PaymentMatch } from '@rollcall/contract/booking';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from '../testing/start-booking.ts';

const tenantId = 'acme';
const { PENDING, PAID, COMPLETED, CANCELLED, REFUNDED } = BookingStatus;
let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

async function change(id: string, status: BookingStatus) {
  return (await booking.client.changeBookingStatus({ tenantId, id, status })).booking;
}

describe('activity-time: a payment that is recorded later than it happened', () => {
  it('activity-time: is reported and counted with the time at which it happened', async () => {
    const userId = newUserId();
    booking.users.put(tenantId, userId);
    const { id } = await booking.book({ userId, amount: { currencyCode: 'EUR', minorUnits: 100n } });
    const time = new Date(Date.now() + 3_600_000);
    await booking.client.recordBookingPayment({
      ...{ tenantId, id, revision: 1n, paid: { currencyCode: 'EUR', minorUnits: 100n } },
      time: timestampFromDate(time),
    });
    const late = { currencyCode: 'EUR', minorUnits: 50n };
    await booking.client.recordBookingPayment({
      ...{ tenantId, id, revision: 2n, paid: { currencyCode: 'EUR', minorUnits: 100n }, refunded: late },
      time: timestampFromDate(new Date(time.getTime() - 7_200_000)),
    });
    const read = (await booking.client.getBooking({ tenantId, id })).booking;
    const recorded = read?.updateTime && timestampDate(read.updateTime);
    expect(recorded?.getTime()).toBeLessThan(time.getTime());
    expect(await booking.sql('select activity_time from bookings where id = $1', [id])).toEqual([
      { activity_time: time },
    ]);
  });
});

describe('ChangeBookingStatus', () => {
  type Name = Exclude<keyof typeof BookingStatus, 'UNSPECIFIED'>;
  const WAYS: Readonly<Record<Name, readonly Name[]>> = {
    PENDING: ['PAID', 'CANCELLED'],
    PAID: ['COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED'],
    COMPLETED: ['ATTENDED', 'REFUNDED'],
    ATTENDED: ['REFUNDED'],
    CANCELLED: ['REFUNDED'],
    REFUNDED: [],
  };
  const names = Object.keys(WAYS) as Name[];
  const pairs = names.flatMap((from) => names.map((to) => [from, to] as const)).filter(([a, b]) => a !== b);

  it.each(pairs)('from %s to %s follows the table', async (from, to) => {
    const { id } = await booking.book({ status: BookingStatus[from] });
    const isWay = WAYS[from].includes(to);
    if (isWay) {
      expect(await change(id, BookingStatus[to])).toMatchObject({ id, status: BookingStatus[to] });
    } else {
      expect(await faultOf(change(id, BookingStatus[to]))).toMatchObject({
        code: 'FailedPrecondition',
        reason: 'STATUS_CHANGE_REFUSED',
        metadata: { id, from, to },
      });
    }
    const read = await booking.client.getBooking({ tenantId, id });
    expect(read.booking?.status).toBe(BookingStatus[isWay ? to : from]);
  });

  it('changes nothing when the status is set again, not even the time of the last change', async () => {
    const { id } = await booking.book({ status: PAID });
    const once = await change(id, COMPLETED);
    expect(await change(id.toUpperCase(), COMPLETED)).toEqual(once);
  });

  it('returns the booking with its users, BASIC view', async () => {
    const [userId, vendorId] = [newUserId(), newUserId()];
    for (const id of [userId, vendorId]) booking.users.put(tenantId, id);
    const { id } = await booking.book({ userId, vendorId, contactDetails: { name: 'Ana' } });
    const changed = await change(id, PAID);
    expect(changed).toMatchObject({ user: { user: { id: userId } }, vendor: { user: { id: vendorId } } });
    expect(changed?.contactDetails).toBeUndefined();
  });

  it('refuses a booking of another tenant', async () => {
    const { id } = await booking.book({}, 'other');
    expect(await faultOf(change(id, PAID))).toMatchObject({ reason: 'BOOKING_NOT_FOUND' });
  });

  it('lets one of twenty concurrent changes win when each excludes the others', async () => {
    const { id } = await booking.book({ status: PAID });
    const calls = Array.from({ length: 20 }, (_, i) => change(id, i % 2 ? COMPLETED : CANCELLED));
    const settled = await Promise.allSettled(calls);
    const { booking: after } = await booking.client.getBooking({ tenantId, id });
    expect([COMPLETED, CANCELLED]).toContain(after?.status);
    const happened = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value?.status] : []));
    expect(happened).toEqual(Array.from({ length: 10 }, () => after?.status));
  });

  it.each<[string, { id: string; status: BookingStatus }]>([
    ['status', { id: newUserId(), status: BookingStatus.UNSPECIFIED }],
    ['status', { id: newUserId(), status: 99 as BookingStatus }],
    ['id', { id: 'x', status: PAID }],
  ])('refuses an invalid %s: %j', async (field, request) => {
    const fault = await faultOf(booking.client.changeBookingStatus({ tenantId, ...request }));
    expect(fault).toMatchObject({ reason: 'FIELD_INVALID', fields: [field] });
  });
});

describe('RecordBookingPayment', () => {
  const eur = (minorUnits: bigint) => ({ currencyCode: 'EUR', minorUnits });
  const amount = eur(1000n);

  async function record(id: string, payments: [revision: bigint, paid: bigint, refunded?: bigint]) {
    const [revision, paid, refunded] = payments;
    const request = { tenantId, id, revision, paid: eur(paid) };
    const response = await booking.client.recordBookingPayment(
      refunded === undefined ? request : { ...request, refunded: eur(refunded) },
    );
    return response.booking;
  }

  it('shows payments and refunds, and changes the status', async () => {
    const { id } = await booking.book({ amount });
    expect(await record(id, [1n, 400n])).toMatchObject({ status: PENDING, paid: eur(400n) });
    expect(await record(id, [2n, 1000n])).toMatchObject({ status: PAID, paid: eur(1000n) });
    const part = await record(id, [3n, 1000n, 300n]);
    expect(part).toMatchObject({ status: PAID, paid: eur(1000n), refunded: eur(300n) });
    const all = await record(id, [4n, 1000n, 1000n]);
    expect(all).toMatchObject({ status: REFUNDED, refunded: eur(1000n) });
    expect((await booking.client.getBooking({ tenantId, id })).booking).toEqual(all);
  });

  it('shows no payment when none was made', async () => {
    const { id } = await booking.book({ amount });
    const payments = await record(id, [1n, 0n, 0n]);
    expect([payments?.status, payments?.paid, payments?.refunded]).toEqual([PENDING, undefined, undefined]);
  });

  it('foreign-money: shows money in another currency, which pays nothing', async () => {
    const { id } = await booking.book({ amount: eur(5400n) });
    const yen = { currencyCode: 'JPY', minorUnits: 1n };
    const payments = await booking.client.recordBookingPayment({ tenantId, id, revision: 1n, paid: yen });
    const shown = { status: PENDING, paid: yen, otherPayments: [] };
    expect(payments.booking).toMatchObject({ ...shown, paymentMatch: PaymentMatch.OTHER_CURRENCY });
    const { bookings } = await booking.client.listBookings({ tenantId });
    expect(bookings.find((each) => each.id === id)).toMatchObject({
      ...shown,
      paymentMatch: PaymentMatch.OTHER_CURRENCY,
    });
    const metrics = await fetch(`http://127.0.0.1:${booking.service.servers.http.port}/metrics`);
    expect(await metrics.text()).toMatch(
      /rollcall_booking_payments_recorded_total\{match="other_currency",service="booking"\} [1-9]/,
    );
  });

  it('foreign-money: is paid by the money in its own currency, whichever came first', async () => {
    const { id } = await booking.book({ amount: eur(5400n) });
    const yen = { currencyCode: 'JPY', minorUnits: 1n };
    const tellBoth = async (revision: bigint, paid: bigint) => {
      const otherPayments = [{ paid: eur(paid) }];
      const request = { tenantId, id, revision, paid: yen, refunded: yen, otherPayments };
      return (await booking.client.recordBookingPayment(request)).booking;
    };
    expect(await tellBoth(1n, 5000n)).toMatchObject({
      ...{ status: PENDING, paymentMatch: PaymentMatch.PARTIAL, paid: eur(5000n) },
      otherPayments: [{ paid: yen, refunded: yen }],
    });
    expect(await tellBoth(2n, 5400n)).toMatchObject({ status: PAID, paymentMatch: PaymentMatch.FULL });
    const last = await tellBoth(3n, 6000n);
    expect(last).toMatchObject({ status: PAID, paymentMatch: PaymentMatch.EXCESS });
    expect((await booking.client.getBooking({ tenantId, id })).booking).toEqual(last);
  });

  it('changes nothing for a repeated or older report', async () => {
    const { id } = await booking.book({ amount });
    const payments = await record(id, [5n, 1000n, 200n]);
    expect(await record(id, [5n, 1000n, 200n])).toEqual(payments);
    expect(await record(id, [4n, 1000n])).toEqual(payments);
    expect(await record(id, [0n, 0n])).toEqual(payments);
  });

  it.each(permutations([0, 1, 2, 3]))('leads to one state, reported in the order %j', async (...order) => {
    const payments: [bigint, bigint, bigint?][] = [
      [1n, 400n],
      [2n, 1000n],
      [3n, 1000n, 1000n],
      // Paid anew after a full refund.
      [4n, 2000n, 1000n],
    ];
    const { id } = await booking.book({ amount });
    for (const at of order) await record(id, payments[at] as [bigint, bigint, bigint?]);
    const { booking: after } = await booking.client.getBooking({ tenantId, id });
    expect(after).toMatchObject({ status: PAID, paid: eur(2000n), refunded: eur(1000n) });
  });

  it('leads to one state when all are reported at once, each twice', async () => {
    const { id } = await booking.book({ amount });
    const payments: [bigint, bigint, bigint?][] = [
      [1n, 400n],
      [2n, 1000n],
      [3n, 1000n, 1000n],
    ];
    await Promise.all([...payments, ...payments].map((each) => record(id, each)));
    const { booking: after } = await booking.client.getBooking({ tenantId, id });
    expect(after).toMatchObject({ status: REFUNDED, paid: eur(1000n), refunded: eur(1000n) });
  });

  it('keeps a status that a caller set, except that a full refund makes it REFUNDED', async () => {
    const { id } = await booking.book({ amount });
    await change(id, CANCELLED);
    expect(await record(id, [1n, 1000n])).toMatchObject({ status: CANCELLED });
    expect(await record(id, [2n, 1000n, 1000n])).toMatchObject({ status: REFUNDED });
    expect(await faultOf(change(id, PAID))).toMatchObject({ reason: 'STATUS_CHANGE_REFUSED' });
  });

  it('continues from the status that payments led to', async () => {
    const { id } = await booking.book({ amount });
    await record(id, [1n, 1000n]);
    expect(await change(id, COMPLETED)).toMatchObject({ status: COMPLETED, paid: eur(1000n) });
    expect(await record(id, [2n, 1000n, 1n])).toMatchObject({ status: COMPLETED, refunded: eur(1n) });
  });

  it.each([
    ['paid.minor_units', { paid: eur(-1n) }],
    ['paid.currency_code', { paid: { currencyCode: 'eur', minorUnits: 1n } }],
    ['paid', {}],
    ['refunded.minor_units', { paid: eur(1n), refunded: eur(2n) }],
    ['refunded.minor_units', { paid: eur(1n), refunded: eur(-1n) }],
    ['refunded.currency_code', { paid: eur(1n), refunded: { currencyCode: 'USD', minorUnits: 1n } }],
    ['revision', { paid: eur(1n), revision: -1n }],
    ['paid.currency_code', { paid: { currencyCode: 'ZZZ', minorUnits: 1n } }],
    ['other_payments[0].paid', { paid: eur(1n), otherPayments: [{}] }],
    ['other_payments[0].paid.minor_units', { paid: eur(1n), otherPayments: [{ paid: eur(-1n) }] }],
    ['other_payments[0].paid.currency_code', { paid: eur(1n), otherPayments: [{ paid: eur(1n) }] }],
    ['id', { id: 'x', paid: eur(1n) }],
    ['tenant_id', { tenantId: 'No', paid: eur(1n) }],
  ])('refuses an invalid %s: %o', async (field, request) => {
    const fault = await faultOf(
      booking.client.recordBookingPayment({ tenantId, id: newUserId(), ...request }),
    );
    expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: [field] });
  });

  it('refuses an unknown booking', async () => {
    expect(await faultOf(record(newUserId(), [1n, 1n]))).toMatchObject({ reason: 'BOOKING_NOT_FOUND' });
  });
});

describe('the database', () => {
  it.each([
    [
      'bookings_refunded',
      `paid_minor_units = 1, refunded_minor_units = 2, payment_currency = 'EUR', payment_revision = 1`,
    ],
    [
      'bookings_refunded',
      `paid_minor_units = 1, refunded_minor_units = -1, payment_currency = 'EUR', payment_revision = 1`,
    ],
    [
      'bookings_paid',
      `paid_minor_units = -1, refunded_minor_units = -1, payment_currency = 'EUR', payment_revision = 1`,
    ],
    ['bookings_payment_whole', `paid_minor_units = 1`],
    [
      'bookings_payment_currency',
      `paid_minor_units = 1, refunded_minor_units = 0, payment_currency = 'e', payment_revision = 1`,
    ],
    ['bookings_standing', `standing = status`],
    ['bookings_pets', `pet_ids = array_fill(gen_random_uuid(), array[21])`],
  ])('refuses by %s: %s', async (constraint, assignments) => {
    const { id } = await booking.book();
    await expect(booking.sql(`update bookings set ${assignments} where id = $1`, [id])).rejects.toMatchObject(
      {
        constraint,
      },
    );
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutations(items.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}
