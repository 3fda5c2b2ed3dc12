import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Payment, PaymentEvent, PaymentState } from './payment.ts';

/** A page request for the payments of a tenant, newest first. */
export interface PaymentList {
  readonly tenantId: string;
  /** Absent: the payments of all users. */
  readonly userIds?: readonly string[];
  /** Absent: the payments of all bookings and of none. */
  readonly bookingId?: string;
  /** Absent: the payments in all states. */
  readonly states?: readonly PaymentState[];
  readonly limit: number;
  /** The page begins after this position. Absent: it begins with the newest payment. */
  readonly after?: TimePosition;
}

/** A position in the Stripe events of a payment. */
export interface EventPosition {
  /** In ms since 1970. */
  readonly timeMs: number;
  /** "evt_…" */
  readonly id: string;
}

/** A page request for the Stripe events of a payment, oldest first. */
export interface PaymentEventList {
  readonly tenantId: string;
  readonly paymentId: string;
  readonly limit: number;
  /** The page begins after this position. Absent: it begins with the oldest event. */
  readonly after?: EventPosition;
}

/** Reads payments. Ids are in lower case. */
export interface PaymentReads {
  find(tenantId: string, id: string): Promise<Payment | undefined>;
  /** @param intentId "pi_…" */
  findByIntent(tenantId: string, intentId: string): Promise<Payment | undefined>;
  list(list: PaymentList): Promise<Payment[]>;
  listEvents(list: PaymentEventList): Promise<PaymentEvent[]>;
}

/** A caller's request for a change at Stripe, stored before Stripe is called. */
interface PaymentRequest {
  readonly tenantId: string;
  readonly request: WriteRequest;
  /**
   * Absent: the request creates a payment. A refund keeps its amount, so that a repeat asks for an equal
   * one.
   */
  readonly refund?: { readonly paymentId: string; readonly minorUnits: bigint };
}

/** A stored request with its progress. */
export interface KnownPaymentRequest extends PaymentRequest {
  /** "pi_…" or "re_…". Null: Stripe has not answered. */
  readonly stripeId: string | null;
  /** The time of the first attempt. */
  readonly createTime: Date;
  /** The time of the last attempt. */
  readonly attemptTime: Date;
}

/** Storage of requests. Ids are in lower case. */
export interface PaymentRequests {
  find(tenantId: string, requestId: string): Promise<KnownPaymentRequest | undefined>;
  /**
   * Stores a request, or the time of another attempt. Returns the stored request: concurrent calls all get
   * the first one.
   */
  begin(request: PaymentRequest): Promise<KnownPaymentRequest>;
  /** Stores the id of the object that Stripe created. */
  finish(ref: { tenantId: string; requestId: string }, stripeId: string): Promise<void>;
}
