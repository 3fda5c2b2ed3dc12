import type Stripe from 'stripe';
import { STRIPE_API_VERSION } from '../stripe-client.ts';
import { randomLetters } from './sample-payment.ts';

/** A sample event. */
interface SampleEvent {
  readonly type: string;
  /** The object of the event, in its state after it. */
  readonly object: object;
  /** The time of the event, in s since 1970. */
  readonly created: number;
  /** @defaultValue a random id, "evt_…" */
  readonly id?: string;
}

/** Creates an event as Stripe posts it. */
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
