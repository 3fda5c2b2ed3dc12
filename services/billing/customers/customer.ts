import type { StripeSubscription } from '../payments/stripe-gateway.ts';

/** The state of a subscription. The names are Stripe's. */
export type SubscriptionState =
  | 'INCOMPLETE'
  | 'INCOMPLETE_EXPIRED'
  | 'TRIALING'
  | 'ACTIVE'
  | 'PAST_DUE'
  | 'UNPAID'
  | 'PAUSED'
  | 'CANCELED';

/** A customer's subscription to a plan in an area. */
export interface Subscription {
  /** UUIDv7. */
  readonly id: string;
  readonly planId: string;
  readonly areaId: string;
  readonly state: SubscriptionState;
  /** "sub_…". Null: the plan is free, or Stripe has not answered yet. */
  readonly stripeSubscriptionId: string | null;
  /** Null: unknown. */
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  /** The time at which the subscription ends or ended. Null: it has no end. */
  readonly endTime: Date | null;
  /** True: the subscription continues, and Stripe does not collect its payments for now. */
  readonly collectionPaused: boolean;
  /** The time at which collection resumes. Null: unknown, or collection is not paused. */
  readonly collectionResumeTime: Date | null;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Fields of a subscription without a known end. */
export const WITHOUT_END = {
  cancelAtPeriodEnd: false,
  endTime: null,
  collectionPaused: false,
  collectionResumeTime: null,
} as const satisfies Partial<Subscription>;

/** A user who has subscribed. */
export interface Customer {
  readonly tenantId: string;
  /** The id of the user. */
  readonly id: string;
  /** "cus_…". Null: the customer does not exist at Stripe. */
  readonly stripeCustomerId: string | null;
  /** The newest subscription. */
  readonly subscription: Subscription | null;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Whether a subscription has reached a final state. */
export function isOver(state: SubscriptionState): boolean {
  return state === 'CANCELED' || state === 'INCOMPLETE_EXPIRED';
}

/** A subscription with the fields that Stripe receives for it. */
export interface SubscriptionOrder {
  readonly tenantId: string;
  readonly customerId: string;
  readonly subscription: Subscription;
  /** "price_…". Null: the plan is free, and the subscription does not exist at Stripe. */
  readonly stripePriceId: string | null;
  /** "pm_…". Empty: Stripe uses the default payment method of the customer. */
  readonly paymentMethodId: string;
  /** "cus_…". Null: the customer does not exist at Stripe. */
  readonly stripeCustomerId: string | null;
}

/** Whether an order was stored whose outcome at Stripe is unknown. */
export function isUnfinished({ stripePriceId, subscription }: SubscriptionOrder): boolean {
  const { state, stripeSubscriptionId } = subscription;
  return stripePriceId !== null && stripeSubscriptionId === null && !isOver(state);
}

/** The fields of a subscription that Stripe decides. */
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

/**
 * Maps a subscription of Stripe to the fields that are stored.
 * @throws Error when the status is unknown here.
 */
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
