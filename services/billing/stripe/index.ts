// The door to Stripe, for whoever drives the gateway by itself.

export { STRIPE_KINDS } from '../ledger/stripe-object.ts';
export { idempotencyKey, type StripeGateway } from '../payments/stripe-gateway.ts';
export { createStripeGateway, type StripeGatewayOptions } from './create-stripe-gateway.ts';
