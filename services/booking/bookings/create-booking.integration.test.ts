import { randomUUID } from 'node:crypto';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import {
  type BookingSchema,
  BookingStatus,
  BookingUserOutcome,
  BookingView,
} from '@rollcall/contract/booking';
import { UserState } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newBooking, newUserId, startBooking } from '../testing/start-booking.ts';

const tenantId = 'acme';
let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

/** Calls CreateBooking with a valid booking that has these fields. */
function make(init: MessageInitShape<typeof BookingSchema> = {}, requestId = '') {
  return booking.client.createBooking({ tenantId, requestId, booking: newBooking(init) });
}

describe('CreateBooking', () => {
  it('returns what GetBooking returns later, in the FULL view', async () => {
    const userId = newUserId();
    booking.users.put(tenantId, userId, { displayName: 'Ana' });
    const { booking: made, replayed } = await make({
      reference: 'Whole-1',
      userId: userId.toUpperCase(),
      contactDetails: { name: 'Ana', phones: ['+351 1'], vip: true, age: 41.5, none: null },
      status: BookingStatus.PAID,
      startDate: '2024-02-29',
      endDate: '2024-02-29',
      amount: { currencyCode: 'EUR', minorUnits: 9_007_199_254_740_993n },
      title: 'Room "1" – Zürich',
    });
    expect(replayed).toBe(false);
    expect(made).toMatchObject({
      tenantId,
      reference: 'Whole-1',
      userId,
      contactDetails: { name: 'Ana', phones: ['+351 1'], vip: true, age: 41.5, none: null },
      status: BookingStatus.PAID,
      startDate: '2024-02-29',
      endDate: '2024-02-29',
      amount: { currencyCode: 'EUR', minorUnits: 9_007_199_254_740_993n },
      title: 'Room "1" – Zürich',
      user: { id: userId, outcome: BookingUserOutcome.FOUND, user: { displayName: 'Ana' } },
    });
    const id = made?.id.toUpperCase() ?? '';
    const { booking: read } = await booking.client.getBooking({ tenantId, id, view: BookingView.FULL });
    // The version of the user may be later, because the booking changes its statistics.
    const user = { id: userId, outcome: BookingUserOutcome.FOUND, user: { displayName: 'Ana' } };
    expect(read).toMatchObject({ user });
    expect({ ...read, user }).toEqual({ ...made, user });
    const { booking: basic } = await booking.client.getBooking({ tenantId, id });
    expect({ ...basic, user }).toEqual({ ...made, user, contactDetails: undefined });
  });

  it('sets defaults, and ignores output-only fields', async () => {
    const { booking: made } = await make({
      id: randomUUID(),
      tenantId: 'other',
      user: { id: 'x', stale: true },
    });
    expect(made?.reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
    expect(made?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(made).toMatchObject({ tenantId, status: BookingStatus.PENDING, title: '', userId: '' });
    expect([made?.user, made?.amount, made?.contactDetails]).toEqual([undefined, undefined, undefined]);
  });

  it('refuses a reference that the tenant has, and accepts it in another tenant', async () => {
    await make({ reference: 'Taken-1' });
    expect(await faultOf(make({ reference: 'Taken-1' }))).toMatchObject({
      code: 'AlreadyExists',
      reason: 'REFERENCE_TAKEN',
      metadata: { tenant_id: tenantId, reference: 'Taken-1' },
    });
    expect((await booking.book({ reference: 'Taken-1' }, 'elsewhere')).reference).toBe('Taken-1');
  });

  it('refuses dates that do not exist or end before they start, and names the field', async () => {
    const cases: [string, string, string[]][] = [
      ['2026-02-30', '2026-03-01', ['booking.start_date']],
      ['2026-02-01', '2026-02-29', ['booking.end_date']],
      ['2026-05-03', '2026-05-02', ['booking.end_date']],
      ['0000-01-01', '2026-13-01', ['booking.start_date', 'booking.end_date']],
    ];
    for (const [startDate, endDate, fields] of cases) {
      const fault = await faultOf(make({ startDate, endDate }));
      expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'DATES_INVALID', fields });
    }
  });

  it.each<[string, string, MessageInitShape<typeof BookingSchema>]>([
    [
      'contact details of more than 16 KiB',
      'booking.contact_details',
      { contactDetails: { note: 'x'.repeat(16_400) } },
    ],
    ['contact details with U+0000', 'booking.contact_details', { contactDetails: { note: 'a\0b' } }],
    ['contact details that are nested too deep', 'booking.contact_details', { contactDetails: nested(40) }],
    ['a title with U+0000', 'booking.title', { title: 'a\0b' }],
    ['a reference with a space', 'booking.reference', { reference: 'a b' }],
    ['an invalid user id', 'booking.user_id', { userId: 'nobody' }],
    ['a date of another form', 'booking.start_date', { startDate: '01.05.2026' }],
    ['an invalid currency', 'booking.amount.currency_code', { amount: { currencyCode: 'euro' } }],
  ])('refuses %s', async (_what, field, init) => {
    const fault = await faultOf(make(init));
    expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: [field] });
  });

  it('keeps contact details of just under 16 KiB', async () => {
    const contactDetails = { note: 'x'.repeat(16_300) };
    expect((await make({ contactDetails })).booking?.contactDetails).toEqual(contactDetails);
  });
});

describe('the user of a new booking', () => {
  it.each([
    ['missing', undefined],
    ['suspended', UserState.SUSPENDED],
    ['deleted', UserState.DELETED],
  ])('is refused when it is %s', async (why, state) => {
    const userId = newUserId();
    if (state !== undefined) booking.users.put(tenantId, userId, { state });
    const fault = await faultOf(make({ userId }));
    expect(fault).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'USER_NOT_BOOKABLE',
      metadata: { user_id: userId, tenant_id: tenantId, why },
    });
    expect(await booking.sql('select 1 from bookings where user_id = $1', [userId])).toEqual([]);
  });

  it('must be a user of the same tenant', async () => {
    const userId = newUserId();
    booking.users.put('elsewhere', userId);
    expect(await faultOf(make({ userId }))).toMatchObject({ reason: 'USER_NOT_BOOKABLE' });
  });
});

describe('a request id', () => {
  it('returns the booking of the first call, and changes nothing', async () => {
    const requestId = randomUUID();
    const first = await make({ title: 'Room 1', contactDetails: { b: 1, a: 2 } }, requestId);
    const again = await make({ contactDetails: { a: 2, b: 1 }, title: 'Room 1' }, requestId.toUpperCase());
    expect(again).toMatchObject({ replayed: true, booking: first.booking });
    expect(await countOf(requestId)).toBe(1);
  });

  it('is refused for other content', async () => {
    const requestId = randomUUID();
    await make({ title: 'Room 1' }, requestId);
    expect(await faultOf(make({ title: 'Room 2' }, requestId))).toMatchObject({
      code: 'InvalidArgument',
      reason: 'REQUEST_ID_REUSED',
      metadata: { reused_request_id: requestId },
    });
    expect(await countOf(requestId)).toBe(1);
  });

  it('is free again after a refused call', async () => {
    const requestId = randomUUID();
    await make({ reference: 'Refused-1' });
    await faultOf(make({ reference: 'Refused-1' }, requestId));
    expect((await make({ reference: 'Refused-2' }, requestId)).replayed).toBe(false);
  });

  it('belongs to its tenant', async () => {
    const requestId = randomUUID();
    await make({}, requestId);
    const other = await booking.client.createBooking({
      tenantId: 'elsewhere',
      requestId,
      booking: newBooking(),
    });
    expect(other.replayed).toBe(false);
  });

  it('returns its booking, whatever happened to the user since', async () => {
    const [requestId, userId] = [randomUUID(), newUserId()];
    booking.users.put(tenantId, userId);
    const first = await make({ userId }, requestId);
    booking.users.put(tenantId, userId, { state: UserState.DELETED, version: 2n });
    expect(await make({ userId }, requestId)).toMatchObject({
      replayed: true,
      booking: { id: first.booking?.id },
    });
  });

  it.each([
    ['with a reference', 'Same-1'],
    ['without a reference', ''],
  ])('makes one booking of twenty equal concurrent calls, %s', async (_what, reference) => {
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => make({ reference }, requestId)));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.booking?.id)).size).toBe(1);
    expect(await countOf(requestId)).toBe(1);
  });

  it('makes one booking of twenty different concurrent calls, and refuses the others', async () => {
    const requestId = randomUUID();
    const calls = Array.from({ length: 20 }, (_, n) => make({ title: `Room ${n}` }, requestId));
    const settled = await Promise.allSettled(calls);
    const refused = calls.filter((_, i) => settled[i]?.status === 'rejected');
    expect(refused).toHaveLength(19);
    for (const call of refused) expect((await faultOf(call)).reason).toBe('REQUEST_ID_REUSED');
    expect(await countOf(requestId)).toBe(1);
  });
});

it('makes one booking of twenty concurrent calls with one reference', async () => {
  const settled = await Promise.allSettled(Array.from({ length: 20 }, () => make({ reference: 'Race-1' })));
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

async function countOf(requestId: string): Promise<number> {
  const rows = await booking.sql('select 1 from bookings where tenant_id = $1 and request_id = $2', [
    tenantId,
    requestId,
  ]);
  return rows.length;
}

function nested(depth: number): JsonObject {
  return depth === 0 ? {} : { in: nested(depth - 1) };
}
