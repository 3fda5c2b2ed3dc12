/** What Stripe keeps of which billing keeps something, by the name that stands in `object`. */
export const STRIPE_KINDS = [
  'customer',
  'subscription',
  'invoice',
  'payment_intent',
  'charge',
  'refund',
  'dispute',
] as const;

/** One of `STRIPE_KINDS`. */
export type StripeKind = (typeof STRIPE_KINDS)[number];

/**
 * An object of Stripe as plain JSON, in the pinned version of its API: the same as `data.object` of an event. Not checked
 * any further: whoever reads a field makes sure of it.
 */
export interface StripeObject {
  /** "pi_…" */
  readonly id: string;
  /** What it is: "payment_intent". */
  readonly object: string;
  readonly [field: string]: unknown;
}

/** What is written on everything that billing makes at Stripe, and tells whose it is. */
export type StripeMetadata = Readonly<
  Record<'tenant_id' | 'user_id', string> &
    Partial<
      Record<'booking_id' | 'payment_id' | 'subscription_id' | 'plan_id' | 'area_id' | 'request_id', string>
    >
>;
