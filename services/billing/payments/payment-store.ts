import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Payment, PaymentEvent, PaymentState } from './payment.ts';

/** Part of the payments of a tenant, newest first. */
export interface PaymentList {
  readonly tenantId: string;
  /** Only those of these users; absent: of everybody. */
  readonly userIds?: readonly string[];
  /** Only those for this booking; absent: for any. */
  readonly bookingId?: string;
  /** Only those in one of these; absent: in any. */
  readonly states?: readonly PaymentState[];
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: TimePosition;
}

/** A place in what Stripe told of a payment. */
export interface EventPosition {
  /** In ms since 1970. */
  readonly timeMs: number;
  /** "evt_…" */
  readonly id: string;
}

/** Part of what Stripe told of a payment, oldest first. */
export interface PaymentEventList {
  readonly tenantId: string;
  readonly paymentId: string;
  readonly limit: number;
  /** Begin behind this place; absent: at the oldest. */
  readonly after?: EventPosition;
}

/** How payments are read. Ids are in lower case. */
export interface PaymentReads {
  find(tenantId: string, id: string): Promise<Payment | undefined>;
  /** @param intentId "pi_…" */
  findByIntent(tenantId: string, intentId: string): Promise<Payment | undefined>;
  list(list: PaymentList): Promise<Payment[]>;
  listEvents(list: PaymentEventList): Promise<PaymentEvent[]>;
}

/** What a caller asked to be done at Stripe, as it was written down before Stripe was asked. */
interface PaymentRequest {
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
