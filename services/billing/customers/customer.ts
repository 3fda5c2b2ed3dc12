import type { StripeSubscription } from '../payments/stripe-gateway.ts';

/** How a subscription stands. The names are Stripe's. */
export type SubscriptionState =
  | 'INCOMPLETE'
  | 'INCOMPLETE_EXPIRED'
  | 'TRIALING'
  | 'ACTIVE'
  | 'PAST_DUE'
  | 'UNPAID'
  | 'PAUSED'
  | 'CANCELED';

/** A plan that a customer pays for. */
export interface Subscription {
  /** UUIDv7. */
  readonly id: string;
  readonly planId: string;
  readonly areaId: string;
  readonly state: SubscriptionState;
  /** "sub_…"; null: Stripe takes no part, or has not said yet. */
  readonly stripeSubscriptionId: string | null;
  /** Null: not known. */
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  /** When it ends, or ended; null: it goes on. */
  readonly endTime: Date | null;
  /** It goes on, and its payments are not collected for now. */
  readonly collectionPaused: boolean;
  /** When payments are collected again; null: not known, or they are collected. */
  readonly collectionResumeTime: Date | null;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Of a subscription of which no end is known. */
export const WITHOUT_END = {
  cancelAtPeriodEnd: false,
  endTime: null,
  collectionPaused: false,
  collectionResumeTime: null,
} as const satisfies Partial<Subscription>;

/** A user who has subscribed. */
export interface Customer {
  readonly tenantId: string;
  /** The user's. */
  readonly id: string;
  /** "cus_…"; null: Stripe knows nothing of it. */
  readonly stripeCustomerId: string | null;
  /** The newest. */
  readonly subscription: Subscription | null;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Whether nothing more comes of a subscription. */
export function isOver(state: SubscriptionState): boolean {
  return state === 'CANCELED' || state === 'INCOMPLETE_EXPIRED';
}

/** A subscription with what Stripe is told of it. */
export interface SubscriptionOrder {
  readonly tenantId: string;
  readonly customerId: string;
  readonly subscription: Subscription;
  /** "price_…"; null: it costs nothing, and Stripe takes no part. */
  readonly stripePriceId: string | null;
  /** "pm_…"; empty: the one that Stripe has for the customer, if any. */
  readonly paymentMethodId: string;
  /** "cus_…"; null: Stripe knows nothing of the customer. */
  readonly stripeCustomerId: string | null;
}

/** Whether it was written down here, and how it ended at Stripe is not known. */
export function isUnfinished({ stripePriceId, subscription }: SubscriptionOrder): boolean {
  const { state, stripeSubscriptionId } = subscription;
  return stripePriceId !== null && stripeSubscriptionId === null && !isOver(state);
}

/** What Stripe says of a subscription. */
export type SubscriptionUpdate = Pick<
  Subscription,
  'state' | 'stripeSubscriptionId' | 'currentPeriodEnd' | 'cancelAtPeriodEnd'
>;

const STATES: ReadonlyMap<string, SubscriptionState> = new Map(
  Object.entries<SubscriptionState>({
    incomplete: 'INCOMPLETE',
    incomplete_expired: 'INCOMPLETE_EXPIRED',
    trialing: 'TRIALING',
    active: 'ACTIVE',
    past_due: 'PAST_DUE',
    unpaid: 'UNPAID',
    paused: 'PAUSED',
    canceled: 'CANCELED',
  }),
);

/** What Stripe's answer means here. Throws Error for a state that Stripe did not have when this was written. */
export function subscriptionFromStripe({
  id,
  status,
  currentPeriodEnd,
  cancelAtPeriodEnd,
}: StripeSubscription): SubscriptionUpdate {
  const state = STATES.get(status);
  if (!state) throw new Error(`Stripe says that subscription ${id} is ${status}, which is not known here`);
  return { state, stripeSubscriptionId: id, currentPeriodEnd, cancelAtPeriodEnd };
}
