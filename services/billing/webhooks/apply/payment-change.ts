import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { DisputeState, PaymentState } from '../../ledger/payment-states.ts';
import type { PaymentTimes } from '../../ledger/payment-times.ts';

/** What can be told of a payment to others. Amounts as Stripe counts them. */
export interface PaymentStanding {
  readonly state: PaymentState;
  readonly captured: number;
  readonly refunded: number;
  /** What ever went back, however it was told: it grows only by what was not told before. */
  readonly everRefunded: number;
  readonly disputeState: DisputeState | null;
}

/** Whose a payment is, and for which booking. */
export interface PaymentOwner {
  readonly tenantId: string;
  readonly userId: string | null;
  readonly bookingId: string | null;
}

/** A payment that changed, or is new. */
export interface PaymentChange {
  readonly paymentId: string;
  readonly intent: string;
  readonly tenantId: string | null;
  readonly userId: string | null;
  readonly bookingId: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly current: PaymentStanding;
  /** Null: it is new, or was not the user's. */
  readonly previous: PaymentStanding | null;
  /** When what changed happened, by Stripe. */
  readonly times: PaymentTimes;
  /** Whose it was, and for which booking; null: nobody's. */
  readonly previousOwner: PaymentOwner | null;
}

/** What follows for others from payments that changed; runs inside the transaction that changes them. */
export type OnChanges = (run: RunPrepared, changes: readonly PaymentChange[]) => Promise<void>;
