import { NO_TIMES } from '../../ledger/payment-times.ts';
import type { PaymentChange, PaymentStanding } from '../apply/payment-change.ts';

/** The returned columns of a statement that changes payments. The previous values follow them. */
export const CHANGED = `new.id, new.stripe_payment_intent_id as intent, new.tenant_id, new.user_id, new.booking_id,
      new.currency, new.amount::float8, new.state, new.captured::float8, new.refunded::float8, new.ever_refunded::float8,
      new.dispute_state`;

/** A changed payment. The previous values are absent when the change has no previous state. */
export interface ChangedRow {
  readonly id: string;
  readonly intent: string;
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly booking_id: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly state: PaymentStanding['state'];
  readonly captured: number;
  readonly refunded: number;
  readonly ever_refunded: number;
  readonly dispute_state: PaymentStanding['disputeState'];
  readonly old_state: PaymentStanding['state'] | null;
  readonly old_captured?: number | null;
  readonly old_refunded?: number | null;
  readonly old_ever_refunded?: number | null;
  readonly old_dispute_state?: PaymentStanding['disputeState'];
  readonly old_tenant_id?: string | null;
  readonly old_user_id?: string | null;
  readonly old_booking_id?: string | null;
}

/** Maps a changed row, without its times. */
export function toChange(row: ChangedRow): PaymentChange {
  const { state, captured, refunded, ever_refunded: everRefunded, dispute_state: disputeState } = row;
  const standing = row.old_state && {
    state: row.old_state,
    captured: row.old_captured ?? 0,
    refunded: row.old_refunded ?? 0,
    everRefunded: row.old_ever_refunded ?? 0,
    disputeState: row.old_dispute_state ?? null,
  };
  return {
    paymentId: row.id,
    intent: row.intent,
    tenantId: row.tenant_id,
    userId: row.user_id,
    bookingId: row.booking_id,
    currency: row.currency,
    amount: row.amount,
    current: { state, captured, refunded, everRefunded, disputeState },
    // For a new owner the whole payment is new.
    previous: isSameUser(row) ? standing : null,
    // The times come from snapshots, not from rows.
    times: NO_TIMES,
    previousOwner: formerOwner(row),
  };
}

function isSameUser({ tenant_id, user_id, old_tenant_id = null, old_user_id = null }: ChangedRow): boolean {
  return old_user_id === user_id && (user_id === null || old_tenant_id === tenant_id);
}

function formerOwner({ old_tenant_id, old_user_id = null, old_booking_id = null }: ChangedRow) {
  if (!old_tenant_id) return null;
  return { tenantId: old_tenant_id, userId: old_user_id, bookingId: old_booking_id };
}
