// Public API of @rollcall/billing/stripe: the Stripe gateway without the service.

export { STRIPE_KINDS } from '../ledger/stripe-object.ts';
export { idempotencyKey, type StripeGateway } from '../payments/stripe-gateway.ts';
export { createStripeGateway, type StripeGatewayOptions } from './create-stripe-gateway.ts';
