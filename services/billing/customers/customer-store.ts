import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Customer, SubscriptionOrder, SubscriptionUpdate } from './customer.ts';

/** A page request for the customers of a tenant, newest first. */
interface CustomerList {
  readonly tenantId: string;
  readonly limit: number;
  /** The page begins after this position. Absent: it begins with the newest customer. */
  readonly after?: TimePosition;
}

/** The subscription that an earlier call with the same request id ordered. */
interface EarlierOrder {
  readonly order: SubscriptionOrder;
  readonly fingerprint: Uint8Array;
}

/** The key of a subscription. */
export interface SubscriptionRef {
  readonly tenantId: string;
  readonly subscriptionId: string;
}

/** The end of a subscription, as it is stored. */
export interface Cancellation {
  readonly tenantId: string;
  readonly customerId: string;
  /** Absent: the customer had no live subscription. */
  readonly ended?: { readonly subscriptionId: string; readonly update: SubscriptionUpdate };
  /** Absent: a repeat cannot be recognised. */
  readonly request?: WriteRequest;
}

/** Storage of customers and subscriptions. Ids are in lower case. */
export interface CustomerStore {
  /** Finds the customers with these ids, each with its newest subscription. */
  find(tenantId: string, ids: readonly string[]): Promise<Customer[]>;
  list(list: CustomerList): Promise<Customer[]>;
  /** Finds the newest subscription of these customers that is not over. */
  findLive(tenantId: string, customerIds: readonly string[]): Promise<SubscriptionOrder | undefined>;
  /** Finds the subscription that this request id ordered. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierOrder | undefined>;
  /**
   * Stores a subscription, and its customer unless stored already. Returns the order with the stored
   * Stripe id of the customer. Undefined when the customer has a live subscription or the request was
   * handled before; nothing is stored then.
   */
  begin(order: SubscriptionOrder, request: WriteRequest | undefined): Promise<SubscriptionOrder | undefined>;
  /**
   * Stores the outcome at Stripe of an unfinished subscription. False when the subscription is deleted or
   * already has an outcome.
   */
  complete(ref: SubscriptionRef, update: SubscriptionUpdate): Promise<boolean>;
  /** Deletes an unfinished subscription, and its customer when it has no other subscription. */
  drop(ref: SubscriptionRef): Promise<void>;
  /** Finds the fingerprint that a cancellation with this request id had. */
  findCancellation(tenantId: string, requestId: string): Promise<Uint8Array | undefined>;
  /**
   * Stores the end of a subscription. False when the request was handled before; nothing is stored then.
   */
  cancel(cancellation: Cancellation): Promise<boolean>;
}
