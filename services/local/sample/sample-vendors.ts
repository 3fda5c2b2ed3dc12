import { UserRole } from '@rollcall/contract/user';
import { ActivityState, VerificationState } from '@rollcall/contract/vendor';
import { type Random, SAMPLE_TENANT, type SampleUser, seededRandom, uuidV7 } from './sample-users.ts';

const SEED = 20_260_201;
const FIRST_TIME = Date.UTC(2026, 1, 1, 8);
const HOUR_MS = 3_600_000;
const { UNVERIFIED, SUBMITTED, VERIFIED, REJECTED, SUSPENDED } = VerificationState;

/** How far a sample vendor gets: most of them all the way, and one of each other kind now and then. */
const WAYS: readonly (readonly VerificationState[])[] = [
  [UNVERIFIED, SUBMITTED, VERIFIED],
  [UNVERIFIED, SUBMITTED, VERIFIED],
  [UNVERIFIED, SUBMITTED, VERIFIED],
  [UNVERIFIED, SUBMITTED],
  [UNVERIFIED, SUBMITTED, VERIFIED],
  [UNVERIFIED, SUBMITTED, REJECTED],
  [UNVERIFIED, SUBMITTED, VERIFIED],
  [UNVERIFIED, SUBMITTED, VERIFIED, SUSPENDED],
];

const OFFERS = [
  { title: 'Kayaking around the point', durationMinutes: 180, capacity: 8 },
  { title: 'A walk through the old town', durationMinutes: 120, capacity: 20 },
  { title: 'Bread from the wood oven', durationMinutes: 240, capacity: 6 },
  { title: 'Day care for dogs', durationMinutes: 480, capacity: 12 },
  { title: 'Sunrise on the ridge', durationMinutes: 300, capacity: 10 },
  { title: 'Ceramics for beginners', durationMinutes: 150, capacity: 5 },
] as const;

/** One of the sample's vendors, with everything that is done with it. */
export type SampleVendor = ReturnType<typeof sampleVendors>[number];

/**
 * The sample's vendors: the requests that make them, the states that each goes through from the one it is
 * made in, and what it offers. The same every time.
 * @param users as `sampleUsers` gives them; those whose role is VENDOR are vendors
 */
export function sampleVendors(users: readonly SampleUser[]) {
  const random = seededRandom(SEED);
  const owners = users.filter(({ user }) => user.role === UserRole.VENDOR);
  return owners.map((owner, index) => {
    const way = WAYS[index % WAYS.length] ?? [];
    const timeMs = FIRST_TIME + index * HOUR_MS;
    return {
      request: {
        tenantId: SAMPLE_TENANT,
        requestId: uuidV7(random, timeMs),
        vendor: {
          userId: owner.userId,
          businessLicense: `${owner.user.profile.address.regionCode}-${10_000 + random.below(90_000)}`,
          serviceAreas: [{ countryCode: owner.user.profile.address.regionCode }],
        },
      },
      way,
      offers: sampleOffers(random, { timeMs, owner, isVerified: way.at(-1) === VERIFIED }),
    };
  });
}

function sampleOffers(
  random: Random,
  { timeMs, owner, isVerified }: { timeMs: number; owner: SampleUser; isVerified: boolean },
) {
  const currencyCode = owner.user.profile.preferences.currencyCode;
  return Array.from({ length: 2 + random.below(3) }, (_, at) => {
    const isPublished = isVerified && at > 0;
    return {
      requestId: uuidV7(random, timeMs),
      activity: {
        ...random.pick(OFFERS),
        price: { currencyCode, minorUnits: BigInt(100 * (15 + random.below(90))) },
        state: isPublished ? ActivityState.PUBLISHED : ActivityState.DRAFT,
      },
    };
  });
}
