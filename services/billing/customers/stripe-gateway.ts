import type { SubscriptionState } from './customer.ts';

/** A subscription as Stripe has it. */
export interface StripeSubscription {
  /** "sub_…" */
  readonly id: string;
  readonly state: SubscriptionState;
  /** Null: not known. */
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  /** What the payer needs to confirm the first payment; empty: nothing. Never kept, never logged. */
  readonly clientSecret: string;
}

/** A customer to make at Stripe: it is told whose it is by ids, and neither a name nor an address. */
export interface NewStripeCustomer {
  /** Goes into the metadata as `tenant_id`. */
  readonly tenantId: string;
  /** Goes into the metadata as `user_id`. */
  readonly userId: string;
  readonly idempotencyKey: string;
}

/** A subscription to make at Stripe. */
export interface NewStripeSubscription {
  /** Go into the metadata as `tenant_id`, `user_id`, `subscription_id`. */
  readonly tenantId: string;
  readonly userId: string;
  readonly subscriptionId: string;
  /** "cus_…" */
  readonly stripeCustomerId: string;
  /** "price_…" */
  readonly stripePriceId: string;
  /** "pm_…"; empty: the one that Stripe has for the customer, if any. */
  readonly paymentMethodId: string;
  readonly idempotencyKey: string;
}

/** Which subscription to end, and when. */
export interface StripeCancellation {
  /** "sub_…" */
  readonly stripeSubscriptionId: string;
  /** What is paid for is still had. */
  readonly atPeriodEnd: boolean;
  readonly idempotencyKey: string;
}

/**
 * What subscriptions ask of Stripe. Equal idempotency keys mean one act, however often it is asked for.
 * Each throws BillingError STRIPE_NOT_CONFIGURED, STRIPE_REFUSED, STRIPE_UNAVAILABLE.
 */
export interface StripeGateway {
  createCustomer(customer: NewStripeCustomer, signal: AbortSignal): Promise<{ readonly id: string }>;
  createSubscription(subscription: NewStripeSubscription, signal: AbortSignal): Promise<StripeSubscription>;
  /**
   * The subscription of a customer whose metadata say `subscription_id`, in any state; undefined: there is none. Asked where an
   * earlier attempt was cut off, because Stripe forgets idempotency keys: https://docs.stripe.com/api/idempotent_requests
   */
  findSubscription(
    subscription: { readonly stripeCustomerId: string; readonly subscriptionId: string },
    signal: AbortSignal,
  ): Promise<StripeSubscription | undefined>;
  /** Answers the subscription as it is then; also where it was over before. */
  cancelSubscription(cancellation: StripeCancellation, signal: AbortSignal): Promise<StripeSubscription>;
}
