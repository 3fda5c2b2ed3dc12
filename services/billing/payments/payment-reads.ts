import type { TimePosition } from '../page.ts';
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
