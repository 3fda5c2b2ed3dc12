// The door to Stripe, for whoever drives the gateway by itself.
export { idempotencyKey, type StripeGateway } from '../payments/stripe-gateway.ts';
export { STRIPE_KINDS } from '../payments/stripe-object.ts';
export { createStripeGateway, type StripeGatewayOptions } from './create-stripe-gateway.ts';
