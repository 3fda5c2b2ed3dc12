// The door to made-up events of Stripe: what they are about, and how they are signed and posted to the webhook.

export { postEvent, type WebhookAnswer } from '../../stripe-cli/post-event.ts';
export { readWebhookSecret } from '../../stripe-cli/webhook-secret.ts';
export { toStripeAmount } from '../../stripe-units.ts';
export { eventSample } from './event.ts';
export { PAYMENT_EVENTS, type PaymentEventTerms } from './payment-events.ts';
export type { SamplePayment } from './sample-payment.ts';
