import { BookingStatus } from '@rollcall/contract/booking';
import { freshTenant } from '@rollcall/contract/testing';
import { UserView } from '@rollcall/contract/user';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type AuthAndBooking, startAuthAndBooking } from '../testing/auth-and-booking.ts';

let services: AuthAndBooking;
let tenantId: string;

beforeAll(async () => {
  services = await startAuthAndBooking();
});

afterAll(() => services[Symbol.asyncDispose]());

beforeEach(() => {
  tenantId = freshTenant();
});

// The outbox looks for work twice a second, and leaves a service that was away alone for a while.
const PATIENT = { timeout: 18_000, interval: 100 };

async function addUser(firstName: string): Promise<string> {
  const created = await services.admin.createUser({ tenantId, user: { firstName } });
  return created.user?.id ?? '';
}

async function book(parties: { userId: string; vendorId?: string; requestId?: string }): Promise<string> {
  const { requestId = '', ...who } = parties;
  const amount = { currencyCode: 'EUR', minorUnits: 100n };
  const booking = { ...who, startDate: '2026-05-01', endDate: '2026-05-02', amount };
  const created = await services.bookings.createBooking({ tenantId, requestId, booking });
  return created.booking?.id ?? '';
}

async function statisticsOf(id: string) {
  const { user } = await services.users.getUser({ tenantId, id, view: UserView.FULL });
  return { bookings: user?.profile?.statistics?.totalBookings ?? 0n, reviews: user?.totalReviews ?? 0 };
}

async function timelineOf(id: string): Promise<string[]> {
  const { entries } = await services.admin.listTimeline({ tenantId, id, pageSize: 1000 });
  return entries.flatMap(({ entry }) => (entry.case === 'activity' ? [entry.value.kind] : [])).reverse();
}

/** Whether everything is told, and the user is shown as of then. */
async function isUpToDate(userId: string): Promise<boolean> {
  const { bookings } = await services.bookings.listBookings({ tenantId, userId });
  const { user } = await services.users.getUser({ tenantId, id: userId });
  return (await backlog()) === 0 && bookings[0]?.user?.user?.version === user?.version;
}

const pay = (id: string, revision: bigint, refunded = 0n) =>
  services.bookings.recordBookingPayment({
    tenantId,
    id,
    revision,
    paid: { currencyCode: 'EUR', minorUnits: 100n },
    refunded: { currencyCode: 'EUR', minorUnits: refunded },
  });

const backlog = async () => {
  const rows = await services.sql('select count(*)::int as jobs from graphile_worker.jobs');
  return rows[0]?.jobs;
};

it('tells what becomes of bookings, each thing once', async () => {
  const userId = await addUser('Ana');
  const id = await book({ userId });
  await pay(id, 1n);
  // Once more, and late: nothing happened.
  await pay(id, 1n);
  await pay(id, 0n, 100n);
  for (let i = 0; i < 2; i++)
    await services.bookings.changeBookingStatus({ tenantId, id, status: BookingStatus.ATTENDED });
  await pay(id, 2n, 100n);
  const told = ['booking.created', 'booking.paid', 'booking.attended', 'booking.refunded'];
  await expect
    .poll(() => timelineOf(userId).then((kinds) => kinds.toSorted()), PATIENT)
    .toEqual(told.toSorted());
  await expect.poll(() => statisticsOf(userId), PATIENT).toEqual({ bookings: 1n, reviews: 0 });
  const { user } = await services.users.getUser({ tenantId, id: userId, view: UserView.FULL });
  const { booking } = await services.bookings.getBooking({ tenantId, id });
  const statistics = user?.profile?.statistics;
  expect(statistics?.firstBookingTime).toEqual(booking?.createTime);
  expect(statistics?.lastBookingTime).toEqual(booking?.createTime);
  await expect
    .poll(async () => {
      const read = await services.users.getUser({ tenantId, id: userId, view: UserView.FULL });
      return read.user?.profile?.statistics?.lastActivityTime;
    }, PATIENT)
    .toEqual(booking?.updateTime);
  expect(statistics?.totalSpent).toEqual([]);
});

it('tells the rating of a vendor as reviews are written, changed and removed', async () => {
  const [userId, vendorId] = [await addUser('Bo'), await addUser('Hotel')];
  const reviewIds: string[] = [];
  for (const rating of [5, 2]) {
    const bookingId = await book({ userId, vendorId });
    await pay(bookingId, 1n);
    await services.bookings.changeBookingStatus({ tenantId, id: bookingId, status: BookingStatus.COMPLETED });
    const { review } = await services.reviews.createReview({ tenantId, review: { bookingId, rating } });
    reviewIds.push(review?.id ?? '');
  }
  const ratingOf = async () => {
    const { user } = await services.users.getUser({ tenantId, id: vendorId, view: UserView.BASIC });
    return [user?.averageRating, user?.totalReviews];
  };
  await expect.poll(ratingOf, PATIENT).toEqual([3.5, 2]);
  const [first = '', second = ''] = reviewIds;
  const updateMask = { paths: ['rating'] };
  await services.reviews.updateReview({ tenantId, review: { id: second, rating: 4 }, updateMask });
  await expect.poll(ratingOf, PATIENT).toEqual([4.5, 2]);
  await services.reviews.deleteReview({ tenantId, id: first });
  await expect.poll(ratingOf, PATIENT).toEqual([4, 1]);
  await services.reviews.deleteReview({ tenantId, id: second });
  await expect.poll(ratingOf, PATIENT).toEqual([0, 0]);
  const kinds = ['review.written', 'review.written', 'review.changed', 'review.deleted', 'review.deleted'];
  await expect
    .poll(
      async () => (await timelineOf(userId)).filter((kind) => kind.startsWith('review')).toSorted(),
      PATIENT,
    )
    .toEqual(kinds.toSorted());
  // The reviewed user did nothing.
  expect(await timelineOf(vendorId)).toEqual([]);
});

it('tells nothing of what was refused, or was done before', async () => {
  const userId = await addUser('Cy');
  const requestId = crypto.randomUUID();
  const id = await book({ userId, requestId });
  expect(await book({ userId, requestId })).toBe(id);
  await expect(
    services.bookings.changeBookingStatus({ tenantId, id, status: BookingStatus.ATTENDED }),
  ).rejects.toThrow();
  await expect.poll(backlog, PATIENT).toBe(0);
  expect(await timelineOf(userId)).toEqual(['booking.created']);
  expect(await statisticsOf(userId)).toEqual({ bookings: 1n, reviews: 0 });
});

it('goes on without the user service, and tells everything once that is back: counts add up', {
  timeout: 60_000,
}, async () => {
  const [userId, vendorId, strangerId] = [await addUser('Dia'), await addUser('Kennel'), await addUser('Ed')];
  const early = await book({ userId, vendorId });
  // A reported activity changes the user, who must then be read again.
  await expect.poll(() => isUpToDate(userId), PATIENT).toBe(true);
  await services.auth.stop();

  const ids = [early];
  for (let i = 0; i < 4; i++) ids.push(await book({ userId, vendorId }));
  // Nothing is known of this one.
  await expect(book({ userId: strangerId })).rejects.toThrow('cannot be asked now');
  await Promise.all(ids.map((id) => pay(id, 1n)));
  for (const id of ids.slice(0, 2)) {
    await services.bookings.changeBookingStatus({ tenantId, id, status: BookingStatus.ATTENDED });
    await services.reviews.createReview({ tenantId, review: { bookingId: id, rating: 3 } });
  }
  await pay(ids[4] ?? '', 2n, 100n);
  const page = await services.bookings.listBookings({ tenantId, userId, orderBy: 'create_time' });
  expect(page.bookings.map(({ id }) => id)).toEqual(ids);
  expect(
    page.bookings.every(({ user, vendor }) => user?.user?.id === userId && vendor?.user?.id === vendorId),
  ).toBe(true);
  expect(await backlog()).toBeGreaterThan(0);
  await expect
    .poll(services.metrics, PATIENT)
    .toMatch(/^rollcall_outbox_waiting\{[^}]*task="user\.activity"[^}]*\} [1-9]/m);

  await services.auth.start();
  await expect.poll(backlog, PATIENT).toBe(0);
  expect(await statisticsOf(userId)).toEqual({ bookings: 5n, reviews: 0 });
  expect(await statisticsOf(vendorId)).toEqual({ bookings: 0n, reviews: 2 });
  const counts = Map.groupBy(await timelineOf(userId), (kind) => kind);
  expect(Object.fromEntries([...counts].map(([kind, { length }]) => [kind, length]))).toEqual({
    'booking.created': 5,
    'booking.paid': 5,
    'booking.attended': 2,
    'booking.refunded': 1,
    'review.written': 2,
  });
  // The reads of booking find the service again by themselves, no sooner than what it is told does.
  await expect.poll(() => isUpToDate(userId), PATIENT).toBe(true);
});

it('tells a merged user what was told of both, by the ids that stand in its bookings', async () => {
  const [survivorId, loserId] = [await addUser('Eva'), await addUser('Eve')];
  await book({ userId: survivorId });
  await book({ userId: loserId });
  await expect.poll(backlog, PATIENT).toBe(0);
  await services.admin.mergeUsers({ tenantId, plan: { survivorId, loserId } });
  await book({ userId: loserId });
  await expect.poll(() => statisticsOf(survivorId), PATIENT).toEqual({ bookings: 3n, reviews: 0 });
  expect(await timelineOf(survivorId)).toEqual(Array.from({ length: 3 }, () => 'booking.created'));
});
