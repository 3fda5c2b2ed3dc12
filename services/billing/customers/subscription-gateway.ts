import type { StripeGateway, StripeSubscription } from '../payments/stripe-gateway.ts';

/** What subscriptions ask of Stripe. */
export interface SubscriptionGateway
  extends Pick<StripeGateway, 'createCustomer' | 'createSubscription' | 'cancelSubscription'> {
  /**
   * The subscription of a customer whose metadata say this `subscription_id`, in any state; undefined: there is none. Asked where
   * an earlier attempt was cut off, because Stripe forgets keys: https://docs.stripe.com/api/idempotent_requests
   */
  findSubscription(wanted: {
    /** "cus_…" */
    readonly customerId: string;
    /** Ours. */
    readonly subscriptionId: string;
  }): Promise<StripeSubscription | undefined>;
}
