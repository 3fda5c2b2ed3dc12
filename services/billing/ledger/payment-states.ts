/** The state of a payment. */
export type PaymentState =
  | 'PENDING'
  | 'PROCESSING'
  | 'AUTHORIZED'
  | 'CANCELED'
  | 'SUCCEEDED'
  | 'PARTIALLY_REFUNDED'
  | 'REFUNDED';

/** The state of a refund. */
export type RefundState = 'PENDING' | 'REQUIRES_ACTION' | 'SUCCEEDED' | 'CANCELED' | 'FAILED';

/** The state of a dispute. */
export type DisputeState =
  | 'WARNING'
  | 'WARNING_CLOSED'
  | 'NEEDS_RESPONSE'
  | 'UNDER_REVIEW'
  | 'WON'
  | 'LOST'
  | 'APPEAL_NEEDS_RESPONSE'
  | 'APPEAL_UNDER_REVIEW'
  | 'PREVENTED';

/** Refund states by Stripe's status. */
export const REFUND_STATES: ReadonlyMap<string, RefundState> = new Map(
  Object.entries<RefundState>({
    pending: 'PENDING',
    requires_action: 'REQUIRES_ACTION',
    succeeded: 'SUCCEEDED',
    canceled: 'CANCELED',
    failed: 'FAILED',
  }),
);

/** Dispute states by Stripe's status. */
export const DISPUTE_STATES: ReadonlyMap<string, DisputeState> = new Map(
  Object.entries<DisputeState>({
    warning_needs_response: 'WARNING',
    warning_under_review: 'WARNING',
    warning_closed: 'WARNING_CLOSED',
    needs_response: 'NEEDS_RESPONSE',
    under_review: 'UNDER_REVIEW',
    prevented: 'PREVENTED',
    // In older API versions: the charge was refunded instead.
    charge_refunded: 'PREVENTED',
    appeal_needs_response: 'APPEAL_NEEDS_RESPONSE',
    appeal_under_review: 'APPEAL_UNDER_REVIEW',
    won: 'WON',
    lost: 'LOST',
  }),
);
