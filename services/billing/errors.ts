/** Why the domain refuses; the names stand in the `ErrorReason` of billing, or of users for what all services share. */
export type BillingErrorReason =
  | 'CUSTOMER_NOT_FOUND'
  | 'PLAN_NOT_FOUND'
  | 'AREA_NOT_FOUND'
  | 'PAYMENT_NOT_FOUND'
  | 'INVOICE_NOT_FOUND'
  | 'CODE_TAKEN'
  | 'ALREADY_SUBSCRIBED'
  | 'PLAN_NOT_SOLD'
  | 'USER_NOT_ELIGIBLE'
  | 'USER_UNKNOWN_NOW'
  | 'NOT_REFUNDABLE'
  | 'INVOICE_SETTLED'
  | 'LINES_INVALID'
  | 'STRIPE_NOT_CONFIGURED'
  | 'STRIPE_REFUSED'
  | 'STRIPE_UNAVAILABLE'
  | 'REQUEST_ID_REUSED';

/** What a `BillingError` carries beside its reason and message. */
export interface BillingErrorOptions {
  /** Every changing part of the message. Never contact or card data. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What is wrong with a field of the request, by its path in the contract: `plan.prices`. */
  readonly faults?: Readonly<Record<string, string>>;
  /** How long to wait before trying again, in ms. Absent: waiting does not help, or nobody said how long. */
  readonly retryDelayMs?: number;
  /** What led to it; logged, never sent. */
  readonly cause?: unknown;
}

/** A refusal of the domain. */
export class BillingError extends Error {
  override readonly name = 'BillingError';
  readonly reason: BillingErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty: no field is at fault. */
  readonly faults: Readonly<Record<string, string>>;
  readonly retryDelayMs: number | undefined;

  constructor(reason: BillingErrorReason, message: string, options: BillingErrorOptions) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata;
    this.faults = options.faults ?? {};
    this.retryDelayMs = options.retryDelayMs;
  }
}
