import type { StripeObject } from '../ledger/stripe-object.ts';

/**
 * An object of the package as plain JSON, as an event would hold it: without what the package puts beside it, and without the
 * secret that only the payer is to see.
 */
export function toStripeObject(object: { readonly id: string; readonly object: string }): StripeObject {
  // Decimals of the package become the text that Stripe sent.
  const { client_secret, ...plain } = JSON.parse(JSON.stringify(object)) as StripeObject;
  return plain as StripeObject;
}
