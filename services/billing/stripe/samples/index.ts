// Public API of @rollcall/billing/samples: sample events of Stripe, signed and posted to the webhook.

export { toStripeAmount } from '../../money.ts';
export { postEvent, readWebhookSecret, type WebhookAnswer } from '../../stripe-cli/post-event.ts';
export { eventSample } from './event.ts';
export { PAYMENT_EVENTS, type PaymentEventTerms } from './payment-events.ts';
export type { SamplePayment } from './sample-payment.ts';
