/**
 * The stored fields of a payment intent. Times are in s since 1970, amounts in Stripe's unit of the
 * currency.
 */
export interface IntentFields extends OwnerFields {
  readonly status: string;
  readonly amount: number;
  readonly amount_received: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly failure_code: string | null;
  readonly created: number;
}

/** The stored fields of a charge: one attempt to collect the money of an intent. */
export interface ChargeFields extends OwnerFields {
  readonly status: string;
  readonly payment_intent: string | null;
  readonly amount: number;
  readonly captured: boolean;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly failure_code: string | null;
  readonly created: number;
}

/** The stored fields of a refund. */
export interface RefundFields {
  readonly status: string;
  readonly payment_intent: string | null;
  readonly charge: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly failure_reason: string | null;
  /** False: the refund moved no money. */
  readonly moved: boolean;
  readonly created: number;
}

/** The stored fields of a dispute. */
export interface DisputeFields {
  readonly status: string;
  readonly payment_intent: string | null;
  readonly charge: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  /** The number of times that money was withdrawn or returned. */
  readonly movements: number;
  /** True: the bank holds the money now. */
  readonly withdrawn: boolean;
  readonly created: number;
}

/** The stored fields of a customer. Contact data is never stored. */
interface CustomerFields extends OwnerFields {
  readonly deleted: boolean;
}

/** The stored fields of a subscription. */
export interface SubscriptionFields extends OwnerFields {
  readonly status: string;
  readonly customer: string | null;
  readonly current_period_end: number | null;
  readonly cancel_at_period_end: boolean;
  /** The time of the scheduled end, also when that is the end of its period. Null: no end date is set. */
  readonly cancel_at: number | null;
  /** The time of the end. Null: it has not ended. */
  readonly ended_at: number | null;
  /** True: payments are not collected for now. */
  readonly collection_paused: boolean;
  /** The time at which collection resumes. Null: unknown, or collection is not paused. */
  readonly collection_resumes_at: number | null;
}

/** The stored fields of an invoice. */
export interface InvoiceFields extends OwnerFields {
  readonly status: string;
  readonly customer: string | null;
  readonly payment_intent: string | null;
  readonly charge: string | null;
  readonly amount_paid: number;
  /** Null: the invoice has no currency. */
  readonly currency: string | null;
  readonly created: number;
  /**
   * The charge or else the invoice itself, when the invoice was paid without a payment intent; otherwise
   * null.
   */
  readonly paid_without_intent: string | null;
}

/** The stored fields by kind. */
export interface FieldsOf {
  readonly payment_intent: IntentFields;
  readonly charge: ChargeFields;
  readonly refund: RefundFields;
  readonly dispute: DisputeFields;
  readonly customer: CustomerFields;
  readonly subscription: SubscriptionFields;
  readonly invoice: InvoiceFields;
}

/** The owner of an object by its metadata at Stripe. Other metadata is not stored. */
export interface OwnerFields {
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly booking_id: string | null;
}
