import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Customer, SubscriptionOrder, SubscriptionUpdate } from './customer.ts';

/** Part of the customers of a tenant, newest first. */
interface CustomerList {
  readonly tenantId: string;
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: TimePosition;
}

/** What a request id did before. */
interface EarlierOrder {
  readonly order: SubscriptionOrder;
  readonly fingerprint: Uint8Array;
}

/** Which subscription. */
export interface SubscriptionRef {
  readonly tenantId: string;
  readonly subscriptionId: string;
}

/** The end of a subscription. */
export interface Cancellation {
  readonly tenantId: string;
  readonly customerId: string;
  /** What it is by then; absent: there was nothing to end. */
  readonly ended?: { readonly subscriptionId: string; readonly update: SubscriptionUpdate };
  /** Absent: a repeat is not known. */
  readonly request?: WriteRequest;
}

/** Where customers and subscriptions are kept. Ids are in lower case. */
export interface CustomerStore {
  /** Those of these customers that there are, each with its newest subscription. */
  find(tenantId: string, ids: readonly string[]): Promise<Customer[]>;
  list(list: CustomerList): Promise<Customer[]>;
  /** The subscription of these customers that is not over: of several the newest. */
  findLive(tenantId: string, customerIds: readonly string[]): Promise<SubscriptionOrder | undefined>;
  /** What this request id subscribed to before. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierOrder | undefined>;
  /**
   * Writes a subscription down, and the customer where there is none. Answers the order with the customer's id at Stripe that is
   * kept; undefined, and nothing is written: the customer has one that is not over, or the request did it before.
   */
  begin(order: SubscriptionOrder, request: WriteRequest | undefined): Promise<SubscriptionOrder | undefined>;
  /** Writes down how an unfinished subscription ended at Stripe. False: it is gone, or somebody wrote it down before. */
  complete(ref: SubscriptionRef, update: SubscriptionUpdate): Promise<boolean>;
  /** Forgets an unfinished subscription, and the customer who has no other. */
  drop(ref: SubscriptionRef): Promise<void>;
  /** What a cancellation's request id asked for before. */
  findCancellation(tenantId: string, requestId: string): Promise<Uint8Array | undefined>;
  /** Writes the end of a subscription down. False, and nothing is written: the request did it before. */
  cancel(cancellation: Cancellation): Promise<boolean>;
}
