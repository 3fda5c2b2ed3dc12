/** The kinds of Stripe objects that billing stores, by their field `object`. */
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
 * A Stripe object as plain JSON in the pinned API version, equal to `data.object` of an event. Its other
 * fields are unvalidated: each reader checks them.
 */
export interface StripeObject {
  /** "pi_…" */
  readonly id: string;
  /** "payment_intent". */
  readonly object: string;
  readonly [field: string]: unknown;
}

/** The metadata of every object that billing creates at Stripe. They name the owner. */
export type StripeMetadata = Readonly<
  Record<'tenant_id' | 'user_id', string> &
    Partial<
      Record<'booking_id' | 'payment_id' | 'subscription_id' | 'plan_id' | 'area_id' | 'request_id', string>
    >
>;
