import type { StripeSubscription } from '../payments/stripe-gateway.ts';
import type { SubscriptionState } from './customer.ts';
import type { SubscriptionNews } from './customer-store.ts';

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
export function newsFrom({
  id,
  status,
  currentPeriodEnd,
  cancelAtPeriodEnd,
}: StripeSubscription): SubscriptionNews {
  const state = STATES.get(status);
  if (!state) throw new Error(`Stripe says that subscription ${id} is ${status}, which is not known here`);
  return { state, stripeSubscriptionId: id, currentPeriodEnd, cancelAtPeriodEnd };
}
