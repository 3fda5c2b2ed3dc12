import type { StripeObject } from '../ledger/stripe-object.ts';

/** What Stripe answered becomes part of the ledger by the same code as what its events tell. */
export interface Snapshots {
  /**
   * Applies objects that were read from Stripe, all or none. What is older than what is known changes nothing.
   * @param readTime when Stripe was asked
   */
  apply(objects: readonly StripeObject[], readTime: Date): Promise<void>;
}
