import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { BookingStatus, type ReviewSchema } from '@rollcall/contract/booking';
import { UserService } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from '../testing/start-booking.ts';

const tenantId = 'acme';
let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

interface Parties {
  readonly userId?: string;
  readonly vendorId?: string;
  readonly tenant?: string;
}

function knownUser(tenant = tenantId): string {
  const id = newUserId();
  booking.users.put(tenant, id, { displayName: `User ${id.slice(0, 4)}` });
  return id;
}

/** Creates an ATTENDED booking of known users. */
async function attended({ tenant = tenantId, ...parties }: Parties = {}) {
  const [userId, vendorId] = [parties.userId ?? knownUser(tenant), parties.vendorId ?? knownUser(tenant)];
  return booking.book({ userId, vendorId, status: BookingStatus.ATTENDED }, tenant);
}

type Init = MessageInitShape<typeof ReviewSchema>;

async function write(init: Init = {}, requestId = '', tenant = tenantId) {
  const bookingId = init.bookingId ?? (await attended({ tenant })).id;
  const review = { rating: 5, text: 'Lovely.', ...init, bookingId };
  return booking.reviews.createReview({ tenantId: tenant, requestId, review });
}

async function written(init: Init = {}) {
  const { review } = await write(init);
  if (!review) throw new Error('no review came back');
  return review;
}

describe('a review', () => {
  it('is returned as it was created, under the users of the booking', async () => {
    const { id: bookingId, userId, vendorId } = await attended();
    const { review, replayed } = await write({
      bookingId: bookingId.toUpperCase(),
      rating: 1,
      text: 'Zürich – "never again"',
      customerId: newUserId(),
      vendorId: newUserId(),
      id: randomUUID(),
    });
    expect(replayed).toBe(false);
    expect(review).toMatchObject({ tenantId, bookingId, customerId: userId, vendorId, rating: 1 });
    const parties = { customer: { user: { id: userId } }, vendor: { user: { id: vendorId } } };
    expect(review).toMatchObject(parties);
    expect(review?.text).toBe('Zürich – "never again"');
    const id = review?.id.toUpperCase() ?? '';
    const { review: later } = await booking.reviews.getReview({ tenantId, id });
    expect(later).toMatchObject(parties);
    // The versions of the users may be later, because the review changes their statistics.
    const own = { customer: undefined, vendor: undefined };
    expect({ ...later, ...own }).toEqual({ ...review, ...own });
  });

  it.each([
    [BookingStatus.PENDING, 'BOOKING_NOT_REVIEWABLE'],
    [BookingStatus.PAID, 'BOOKING_NOT_REVIEWABLE'],
    [BookingStatus.COMPLETED, undefined],
    [BookingStatus.ATTENDED, undefined],
    [BookingStatus.CANCELLED, 'BOOKING_NOT_REVIEWABLE'],
    [BookingStatus.REFUNDED, 'BOOKING_NOT_REVIEWABLE'],
  ])('of a booking in status %i is created or refused', async (status, reason) => {
    const { id: bookingId } = await booking.book({ userId: knownUser(), vendorId: knownUser(), status });
    const outcome = write({ bookingId });
    if (reason === undefined) expect((await outcome).review?.bookingId).toBe(bookingId);
    else
      expect(await faultOf(outcome)).toMatchObject({
        code: 'FailedPrecondition',
        reason,
        metadata: { booking_id: bookingId, why: 'status' },
      });
  });

  it.each(['no_user', 'no_vendor'])('needs a booking with user and vendor: %s', async (why) => {
    const whom = why === 'no_user' ? { vendorId: knownUser() } : { userId: knownUser() };
    const { id: bookingId } = await booking.book({ ...whom, status: BookingStatus.COMPLETED });
    expect(await faultOf(write({ bookingId }))).toMatchObject({
      reason: 'BOOKING_NOT_REVIEWABLE',
      metadata: { why },
    });
  });

  it('is the only one of its booking, also of twenty concurrent calls', async () => {
    const { id: bookingId } = await attended();
    const calls = Array.from({ length: 20 }, () => write({ bookingId }));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await faultOf(write({ bookingId }))).toMatchObject({
      code: 'AlreadyExists',
      reason: 'REVIEW_EXISTS',
      metadata: { booking_id: bookingId },
    });
  });

  it('can be created again after it was removed, and may be removed again', async () => {
    const { id, bookingId } = await written();
    await booking.reviews.deleteReview({ tenantId, id });
    await booking.reviews.deleteReview({ tenantId, id });
    expect(await faultOf(booking.reviews.getReview({ tenantId, id }))).toMatchObject({
      code: 'NotFound',
      reason: 'REVIEW_NOT_FOUND',
    });
    expect((await written({ bookingId })).id).not.toBe(id);
  });

  it('is changed in the fields of the mask only', async () => {
    const { id } = await written({ rating: 2, text: 'Meh.' });
    const update = async (paths: string[]) => {
      const review = { id, rating: 4, text: '' };
      return (await booking.reviews.updateReview({ tenantId, review, updateMask: { paths } })).review;
    };
    expect(await update(['rating'])).toMatchObject({ rating: 4, text: 'Meh.' });
    expect(await update(['text'])).toMatchObject({ rating: 4, text: '' });
  });

  it('is unknown in another tenant', async () => {
    const { id, bookingId } = await written();
    const other = { tenantId: 'other', id };
    expect(await faultOf(booking.reviews.getReview(other))).toMatchObject({ reason: 'REVIEW_NOT_FOUND' });
    await booking.reviews.deleteReview(other);
    expect((await booking.reviews.getReview({ tenantId, id })).review?.id).toBe(id);
    expect(await faultOf(write({ bookingId }, '', 'other'))).toMatchObject({ reason: 'BOOKING_NOT_FOUND' });
    const updateMask = { paths: ['rating'] };
    const call = booking.reviews.updateReview({ tenantId: 'other', review: { id, rating: 1 }, updateMask });
    expect(await faultOf(call)).toMatchObject({ reason: 'REVIEW_NOT_FOUND' });
  });

  it.each<[string, Init]>([
    ['review.booking_id', { bookingId: '' }],
    ['review.booking_id', { bookingId: 'x' }],
    ['review.rating', { rating: 0, bookingId: newUserId() }],
    ['review.rating', { rating: 6, bookingId: newUserId() }],
    ['review.rating', { rating: -1, bookingId: newUserId() }],
    ['review.text', { text: 'x'.repeat(4001), bookingId: newUserId() }],
    ['review.text', { text: 'a\0b', bookingId: newUserId() }],
  ])('is refused for its %s', async (field, init) => {
    expect(await faultOf(write(init))).toMatchObject({ reason: 'FIELD_INVALID', fields: [field] });
  });

  it.each([
    ['update_mask', [], {}],
    ['update_mask', ['booking_id'], { bookingId: newUserId() }],
    ['review.rating', ['rating'], { rating: 0 }],
    ['review.text', ['text'], { text: 'a\0b' }],
  ])('is not changed against the rule of %s', async (field, paths, change) => {
    const { id } = await written();
    const call = booking.reviews.updateReview({ tenantId, review: { id, ...change }, updateMask: { paths } });
    expect(await faultOf(call)).toMatchObject({ reason: 'FIELD_INVALID', fields: [field] });
  });

  it('is refused by the database too when its rating is invalid', async () => {
    const { id } = await written();
    for (const rating of [0, 6])
      await expect(booking.sql('update reviews set rating = $2 where id = $1', [id, rating])).rejects.toThrow(
        'reviews_rating_check',
      );
  });
});

describe('a request id', () => {
  it('creates one review of twenty equal concurrent calls', async () => {
    const [requestId, { id: bookingId }] = [randomUUID(), await attended()];
    const answers = await Promise.all(Array.from({ length: 20 }, () => write({ bookingId }, requestId)));
    expect(new Set(answers.map(({ review }) => review?.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  it('is refused for other content, also when both calls run at once', async () => {
    const requestId = randomUUID();
    const [one, other] = [await attended(), await attended()];
    const settled = await Promise.allSettled(
      [one, other].map(({ id: bookingId }) => write({ bookingId }, requestId)),
    );
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const fault = await faultOf(write({ bookingId: one.id, rating: 3 }, requestId));
    expect(fault).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  });

  it('does not create a removed review again, whatever happened to the booking', async () => {
    const [requestId, { id: bookingId }] = [randomUUID(), await attended()];
    const { review } = await write({ bookingId }, requestId);
    await booking.client.changeBookingStatus({ tenantId, id: bookingId, status: BookingStatus.REFUNDED });
    expect(await write({ bookingId }, requestId)).toMatchObject({
      replayed: true,
      review: { id: review?.id },
    });
    await booking.reviews.deleteReview({ tenantId, id: review?.id ?? '' });
    expect(await faultOf(write({ bookingId }, requestId))).toMatchObject({ reason: 'REVIEW_NOT_FOUND' });
  });

  it('of a pet does not count for a review', async () => {
    const [requestId, userId] = [randomUUID(), knownUser()];
    await booking.pets.createPet({ tenantId, requestId, pet: { userId, name: 'Rex', species: 'dog' } });
    expect(await faultOf(write({}, requestId))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  });
});

describe('ListReviews', () => {
  it('pages through the reviews of a tenant, a customer or a vendor, newest first', async () => {
    const tenant = 'listing';
    const [ana, bo, hotel, kennel] = [
      knownUser(tenant),
      knownUser(tenant),
      knownUser(tenant),
      knownUser(tenant),
    ];
    const parties = [
      [ana, hotel],
      [bo, hotel],
      [ana, kennel],
      [bo, kennel],
    ] as const;
    const made: string[] = [];
    for (const [userId, vendorId] of parties) {
      const { id: bookingId } = await attended({ tenant, userId, vendorId });
      made.unshift((await write({ bookingId }, '', tenant)).review?.id ?? '');
    }
    expect(await allIds({ tenantId: tenant })).toEqual(made);
    expect(await allIds({ tenantId: tenant, customerId: ana.toUpperCase() })).toEqual([made[1], made[3]]);
    expect(await allIds({ tenantId: tenant, vendorId: hotel })).toEqual([made[2], made[3]]);
    expect(await allIds({ tenantId: tenant, customerId: bo, vendorId: kennel })).toEqual([made[0]]);
    const { nextPageToken: pageToken } = await booking.reviews.listReviews({ tenantId: tenant, pageSize: 1 });
    const fault = await faultOf(
      booking.reviews.listReviews({ tenantId: tenant, vendorId: hotel, pageToken }),
    );
    expect(fault).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  });

  it('looks up all users of a page by one call', async () => {
    const tenant = 'batch';
    for (let i = 0; i < 3; i++) await write({}, '', tenant);
    booking.age(600_000);
    const before = booking.userService.requests(UserService.method.batchGetUsers).length;
    const { reviews } = await booking.reviews.listReviews({ tenantId: tenant });
    const asked = booking.userService.requests(UserService.method.batchGetUsers).slice(before);
    expect(asked.map(({ ids }) => ids.length)).toEqual([6]);
    expect(reviews.every(({ customer, vendor }) => customer?.user && vendor?.user)).toBe(true);
  });
});

async function allIds(request: { tenantId: string; customerId?: string; vendorId?: string }) {
  const ids: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await booking.reviews.listReviews({ ...request, pageSize: 1, pageToken });
    ids.push(...page.reviews.map(({ id }) => id));
    if (page.nextPageToken === '') return ids;
    pageToken = page.nextPageToken;
  }
}
