import type { Delivery, PaymentMix } from './payment-mix.ts';

/** Signs every delivery. */
export const SECRET = 'whsec_bench';
/** Database connections of each contestant. */
export const CONNECTIONS = 10;
/** Deliveries that wait for their answer at a time. */
export const DELIVERIES_AT_ONCE = 64;

/** Somebody who takes deliveries in. */
export interface WebhookContestant extends AsyncDisposable {
  /** Resolves once everything that was delivered has been answered and applied. */
  play(deliveries: readonly Delivery[]): Promise<void>;
  /** How many rows do not say in the end what Stripe said last. */
  countWrong(mix: PaymentMix): Promise<{ readonly wrong: number; readonly of: number }>;
}
