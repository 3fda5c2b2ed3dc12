/** What is kept of a payment intent. Times are in s since 1970, amounts in the smallest unit of the currency. */
export interface IntentFields extends OwnerFields {
  readonly status: string;
  readonly amount: number;
  readonly amount_received: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly failure_code: string | null;
  readonly created: number;
}

/** What is kept of a charge: one attempt to get the money of an intent. */
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

/** What is kept of a refund. */
export interface RefundFields {
  readonly status: string;
  readonly payment_intent: string | null;
  readonly charge: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly failure_reason: string | null;
  /** False: Stripe says that no money moved. */
  readonly moved: boolean;
  readonly created: number;
}

/** What is kept of a dispute. */
export interface DisputeFields {
  readonly status: string;
  readonly payment_intent: string | null;
  readonly charge: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  /** How often money was taken or given back. */
  readonly movements: number;
  /** The bank has it now. */
  readonly withdrawn: boolean;
  readonly created: number;
}

/** What is kept of a customer. Who it is, Stripe knows, and this does not. */
interface CustomerFields extends OwnerFields {
  readonly deleted: boolean;
}

/** What is kept of a subscription. */
export interface SubscriptionFields extends OwnerFields {
  readonly status: string;
  readonly customer: string | null;
  readonly current_period_end: number | null;
  readonly cancel_at_period_end: boolean;
  /** When it is to end; also where the customer asked for the end of the period. Null: at no time of its own. */
  readonly cancel_at: number | null;
  /** When it ended; null: it has not. */
  readonly ended_at: number | null;
  /** Its payments are not collected for now. */
  readonly collection_paused: boolean;
  /** When they are collected again; null: not known, or they are collected. */
  readonly collection_resumes_at: number | null;
}

/** What is kept of an invoice. */
export interface InvoiceFields extends OwnerFields {
  readonly status: string;
  readonly customer: string | null;
  readonly payment_intent: string | null;
  readonly charge: string | null;
  readonly amount_paid: number;
  /** Null: not said. */
  readonly currency: string | null;
  readonly created: number;
  /** Its charge or itself, where it is paid and says that no payment intent paid it; null: another event tells of the money. */
  readonly paid_without_intent: string | null;
}

/** What is kept of each kind. */
export interface FieldsOf {
  readonly payment_intent: IntentFields;
  readonly charge: ChargeFields;
  readonly refund: RefundFields;
  readonly dispute: DisputeFields;
  readonly customer: CustomerFields;
  readonly subscription: SubscriptionFields;
  readonly invoice: InvoiceFields;
}

/** Whose something is, as the metadata at Stripe say. Never more than ids: the rest of the metadata is not kept. */
export interface OwnerFields {
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly booking_id: string | null;
}
