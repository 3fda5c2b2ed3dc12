import { PlanInterval } from '@rollcall/contract/billing';
import { UserRole } from '@rollcall/contract/user';
import { SAMPLE_TENANT, type SampleUser, seededRandom, uuidV7 } from '../sample-users.ts';

const SEED = 20_260_301;
const FIRST_TIME = Date.UTC(2026, 2, 1, 6);
const MINUTE_MS = 60_000;
/** Every fifth customer subscribes, but not the first, which the calls of the README use. */
const SUBSCRIBER_EVERY = 5;
/** Every so many subscriptions are cancelled. */
const ENDED_EVERY = 6;

/** Areas of the sample, each with a currency of its own; JPY has no smaller unit. */
export const SAMPLE_AREAS = [
  {
    code: 'euro-area',
    title: 'Euro area',
    countryCodes: ['PT', 'DE', 'FR', 'ES', 'IT'],
    currencyCode: 'EUR',
    taxBasisPoints: 2300,
  },
  {
    code: 'great-britain',
    title: 'Great Britain',
    countryCodes: ['GB'],
    currencyCode: 'GBP',
    taxBasisPoints: 2000,
  },
  { code: 'japan', title: 'Japan', countryCodes: ['JP'], currencyCode: 'JPY', taxBasisPoints: 1000 },
] as const;

/** A plan of the sample, with what it costs in each area, by the area's code. */
export interface SamplePlan {
  readonly code: string;
  readonly title: string;
  readonly interval: PlanInterval;
  readonly prices: Readonly<Record<(typeof SAMPLE_AREAS)[number]['code'], bigint>>;
  /** Whether new subscriptions are refused. */
  readonly isRetired: boolean;
}

/** A free plan, which needs no Stripe; a plan with a price; a retired plan. */
export const SAMPLE_PLANS: readonly SamplePlan[] = [
  {
    ...{ code: 'guest', title: 'Guest', interval: PlanInterval.MONTH, isRetired: false },
    prices: { 'euro-area': 0n, 'great-britain': 0n, japan: 0n },
  },
  {
    ...{ code: 'regular', title: 'Regular guest', interval: PlanInterval.MONTH, isRetired: false },
    prices: { 'euro-area': 1_900n, 'great-britain': 1_700n, japan: 2_800n },
  },
  {
    ...{ code: 'founder', title: "Founders' year", interval: PlanInterval.YEAR, isRetired: true },
    prices: { 'euro-area': 9_900n, 'great-britain': 8_900n, japan: 15_000n },
  },
];

/** The plan that the sample's customers subscribe to. */
export const SUBSCRIBED_PLAN = 'guest';

/** A customer of the sample: the requests that make it, and that end what it subscribed to. */
export type SampleCustomer = ReturnType<typeof sampleCustomers>[number];

/**
 * Returns the customers: who subscribes, in which area, and who cancels. Equal in every run.
 * @param users of `sampleUsers`
 */
export function sampleCustomers(users: readonly SampleUser[]) {
  const random = seededRandom(SEED);
  const customers = users.filter(({ user }) => user.role === UserRole.CUSTOMER);
  return customers
    .filter((_, index) => index % SUBSCRIBER_EVERY === 1)
    .map(({ userId, user }, index) => {
      const timeMs = FIRST_TIME + index * MINUTE_MS;
      const requestId = uuidV7(random, timeMs);
      const endRequestId = uuidV7(random, timeMs);
      const area = SAMPLE_AREAS.find(
        ({ currencyCode }) => currencyCode === user.profile.preferences.currencyCode,
      );
      return {
        request: { tenantId: SAMPLE_TENANT, requestId, userId },
        areaCode: (area ?? SAMPLE_AREAS[0]).code,
        end:
          index % ENDED_EVERY === 2
            ? { tenantId: SAMPLE_TENANT, requestId: endRequestId, id: userId }
            : undefined,
      };
    });
}
