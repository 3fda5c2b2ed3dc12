import { BookingStatus } from '@rollcall/contract/booking';
import { UserRole } from '@rollcall/contract/user';
import { type Random, SAMPLE_TENANT, type SampleUser, seededRandom, uuidV7 } from './sample-users.ts';

/** How many bookings the sample has. */
export const SAMPLE_BOOKINGS = 500;

const SEED = 20_260_301;
const FIRST_TIME = Date.UTC(2026, 2, 1, 8);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Every so many bookings are of a walk-in guest without a user. */
const WALK_IN_EVERY = 25;
const HOUSES = ['Harbour House', 'Hotel Meridian', 'The Old Mill', 'Casa do Rio', 'Pension Linde'] as const;
const STATUSES = [
  BookingStatus.PENDING,
  BookingStatus.PAID,
  BookingStatus.PAID,
  BookingStatus.COMPLETED,
  BookingStatus.ATTENDED,
  BookingStatus.CANCELLED,
] as const;

/** Every so many bookings that took place have a review. */
const REVIEW_EVERY = 2;
const OPINIONS: readonly { readonly rating: number; readonly text: string }[] = [
  { rating: 5, text: 'Better than the pictures. We will be back.' },
  { rating: 5, text: '' },
  { rating: 4, text: 'Quiet and clean, and a good breakfast.' },
  { rating: 4, text: 'Friendly, and close to everything.' },
  { rating: 3, text: 'Fine for a night.' },
  { rating: 2, text: 'The room was smaller than we had thought.' },
];

/** A request that makes one of the sample's bookings, and the one that reviews it. */
export type SampleBooking = ReturnType<typeof sampleBookings>[number];

/**
 * Returns the requests that create the bookings and their reviews. Equal in every run.
 * @param users of `sampleUsers`: customers book at vendors
 */
export function sampleBookings(users: readonly SampleUser[]) {
  const random = seededRandom(SEED);
  // A separate sequence, so that all other values stay as they were.
  const later = seededRandom(SEED + 1);
  const customers = users.filter(({ user }) => user.role === UserRole.CUSTOMER);
  const vendors = users.filter(({ user }) => user.role === UserRole.VENDOR);
  return Array.from({ length: SAMPLE_BOOKINGS }, (_, index) => {
    const timeMs = FIRST_TIME + index * HOUR_MS;
    const requestId = uuidV7(random, timeMs);
    const guest = index % WALK_IN_EVERY === WALK_IN_EVERY - 1 ? undefined : random.pick(customers);
    const booking = { ...sampleBooking(random, { index, guest }), vendorId: later.pick(vendors).userId };
    const review = { requestId: uuidV7(later, timeMs), review: later.pick(OPINIONS) };
    const isReviewed = guest && TOOK_PLACE.includes(booking.status) && index % REVIEW_EVERY === 0;
    return {
      request: { tenantId: SAMPLE_TENANT, requestId, booking },
      review: isReviewed ? review : undefined,
      /** When it was booked, in ms since 1970. */
      bookedAtMs: timeMs,
    };
  });
}

const TOOK_PLACE: readonly BookingStatus[] = [BookingStatus.COMPLETED, BookingStatus.ATTENDED];

function sampleBooking(random: Random, { index, guest }: { index: number; guest: SampleUser | undefined }) {
  const start = FIRST_TIME + random.below(200) * DAY_MS;
  const nights = 1 + random.below(7);
  const { user } = guest ?? {};
  return {
    reference: `DEMO-${String(index + 1).padStart(4, '0')}`,
    userId: guest?.userId ?? '',
    contactDetails: user
      ? { name: `${user.firstName} ${user.lastName}`, email: user.email, phone: user.phone }
      : { name: 'walk-in guest', desk: 1 + random.below(3) },
    status: random.pick(STATUSES),
    startDate: dateOf(start),
    endDate: dateOf(start + nights * DAY_MS),
    amount: { currencyCode: 'EUR', minorUnits: BigInt(nights * (6_500 + 100 * random.below(120))) },
    title: `${random.pick(HOUSES)}, room ${101 + random.below(60)}`,
  };
}

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
