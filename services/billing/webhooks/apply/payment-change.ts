import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { DisputeState, PaymentState } from '../../ledger/payment-states.ts';
import type { PaymentTimes } from '../../ledger/payment-times.ts';

/** The state of a payment as reported to other services. Amounts are in Stripe's unit. */
export interface PaymentStanding {
  readonly state: PaymentState;
  readonly captured: number;
  readonly refunded: number;
  /**
   * The refunded amount including refunds that were undone later. It grows only by refunds that were not
   * reported before.
   */
  readonly everRefunded: number;
  readonly disputeState: DisputeState | null;
}

/** The owner of a payment and its booking. */
export interface PaymentOwner {
  readonly tenantId: string;
  readonly userId: string | null;
  readonly bookingId: string | null;
}

/** A new or changed payment. */
export interface PaymentChange {
  readonly paymentId: string;
  readonly intent: string;
  readonly tenantId: string | null;
  readonly userId: string | null;
  readonly bookingId: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly current: PaymentStanding;
  /** Null: the payment is new, or belonged to another user. */
  readonly previous: PaymentStanding | null;
  /** The times of the changes by Stripe. */
  readonly times: PaymentTimes;
  /** Null: the payment had no owner. */
  readonly previousOwner: PaymentOwner | null;
}

/** Called with changed payments, in the transaction that changes them. */
export type OnChanges = (run: RunPrepared, changes: readonly PaymentChange[]) => Promise<void>;
