import type { StripeObject } from '../payments/stripe-object.ts';

/**
 * An object of the package as plain JSON, as an event would hold it: without what the package puts beside it, without the
 * secrets that only the payer is to see, and with ids where other objects were asked for along with it.
 */
export function toStripeObject(object: { readonly id: string; readonly object: string }): StripeObject {
  // Decimals of the package become the text that Stripe sent.
  const plain = JSON.parse(JSON.stringify(object)) as Record<string, unknown> & StripeObject;
  delete plain.client_secret;
  delete plain.confirmation_secret;
  for (const field of EXPANDED) if (field in plain) plain[field] = idOf(plain[field]);
  return plain;
}

// What the gateway asks Stripe to send along.
const EXPANDED = ['latest_invoice'] as const;

function idOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : value;
}
