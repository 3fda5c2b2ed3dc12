import type { Delivery, PaymentMix } from './payment-mix.ts';

/** Secret that every delivery is signed with. */
export const SECRET = 'whsec_bench';
/** Database connections of each contestant. */
export const CONNECTIONS = 10;
/** Deliveries in flight. */
export const DELIVERIES_AT_ONCE = 64;

/** A receiver of webhook deliveries. */
export interface WebhookContestant extends AsyncDisposable {
  /** Resolves when all deliveries have been answered and applied. */
  play(deliveries: readonly Delivery[]): Promise<void>;
  /** Counts the rows that differ from what Stripe sent last. */
  countWrong(mix: PaymentMix): Promise<{ readonly wrong: number; readonly of: number }>;
}
