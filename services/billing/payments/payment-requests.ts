import type { WriteRequest } from '../write-request.ts';

/** What a caller asked to be done at Stripe, as it was written down before Stripe was asked. */
export interface PaymentRequest {
  readonly tenantId: string;
  readonly request: WriteRequest;
  /** Absent: a new payment. Of a refund what it was decided to be, so that a repeat asks for the same. */
  readonly refund?: { readonly paymentId: string; readonly minorUnits: bigint };
}

/** The same, and how far it came. */
export interface KnownPaymentRequest extends PaymentRequest {
  /** "pi_…" or "re_…"; null: Stripe was not heard. */
  readonly stripeId: string | null;
  /** When it was first tried. */
  readonly createTime: Date;
  /** When it was last tried. */
  readonly attemptTime: Date;
}

/** Where it is written down. Ids are in lower case. */
export interface PaymentRequests {
  find(tenantId: string, requestId: string): Promise<KnownPaymentRequest | undefined>;
  /** Writes a request down, or that it is tried again. Answers what is kept: of two at once both see the first one's. */
  begin(request: PaymentRequest): Promise<KnownPaymentRequest>;
  /** Writes down what Stripe made of it. */
  finish(ref: { tenantId: string; requestId: string }, stripeId: string): Promise<void>;
}
