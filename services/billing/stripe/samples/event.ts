import type Stripe from 'stripe';
import { STRIPE_API_VERSION } from '../stripe-client.ts';
import { randomLetters } from './sample-payment.ts';

/** An event to make. */
interface SampleEvent {
  readonly type: string;
  /** What it is about, as it was then. */
  readonly object: object;
  /** When it happened, in s since 1970. */
  readonly created: number;
  /** Default: one by chance, "evt_…". */
  readonly id?: string;
}

/** An event as Stripe posts it. */
export function eventSample({
  type,
  object,
  created,
  id = `evt_S${randomLetters(23)}`,
}: SampleEvent): Stripe.Event {
  return {
    id,
    object: 'event',
    api_version: STRIPE_API_VERSION,
    created,
    data: { object, ...(type.endsWith('.updated') && { previous_attributes: {} }) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  } as Stripe.Event;
}
