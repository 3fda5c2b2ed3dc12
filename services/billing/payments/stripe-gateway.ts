import type { StripeKind, StripeMetadata, StripeObject } from '../ledger/stripe-object.ts';
import type { Money } from '../money.ts';

/**
 * The part that all writes share. A repeat with an equal key and content has no effect, for at least a
 * day.
 */
interface StripeWrite {
  /** At most 255 characters. `idempotencyKey` creates one. */
  readonly idempotencyKey: string;
}

/** A customer to create, without name and address. The metadata name the owner. */
export interface NewStripeCustomer extends StripeWrite {
  readonly metadata: StripeMetadata;
}

/** A subscription to create. */
export interface NewStripeSubscription extends StripeWrite {
  /** "cus_…" */
  readonly customerId: string;
  /** "price_…" */
  readonly priceId: string;
  /** "pm_…", attached to the customer first. Absent: the customer's default payment method. */
  readonly paymentMethodId?: string | undefined;
  readonly metadata: StripeMetadata;
}

/** A subscription to end. */
export interface StripeCancellation extends StripeWrite {
  /** "sub_…" */
  readonly subscriptionId: string;
  /** True: it ends with the paid period. */
  readonly atPeriodEnd: boolean;
}

/** A subscription in an answer of Stripe. */
export interface StripeSubscription {
  /** "sub_…" */
  readonly id: string;
  /** Stripe's status: "active", "incomplete". */
  readonly status: string;
  /** The end of the paid period. Null: unknown. */
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  /** The secret by which the payer confirms the first payment; empty when no confirmation is needed. */
  readonly clientSecret: string;
  readonly object: StripeObject;
}

/** A customer to delete. */
export interface StripeDeletion extends StripeWrite {
  /** "cus_…" */
  readonly customerId: string;
}

/** A payment intent to create. */
export interface NewPaymentIntent extends StripeWrite {
  /** An amount that `paymentFaultOf` accepts. */
  readonly amount: Money;
  /** It must not name the person. Empty: no description. */
  readonly description: string;
  readonly metadata: StripeMetadata;
}

/** A payment intent in an answer of Stripe. */
export interface PaymentIntent {
  /** "pi_…" */
  readonly id: string;
  /** The secret by which the payer confirms the payment. */
  readonly clientSecret: string;
  /** Without the secret. */
  readonly object: StripeObject;
}

/** A refund to create. */
export interface NewStripeRefund extends StripeWrite {
  /** "pi_…". Null: the payment has no intent, and `chargeId` names its charge. */
  readonly paymentIntentId: string | null;
  /**
   * "ch_…", for a payment without an intent.
   * @defaultValue the charge of the payment intent
   */
  readonly chargeId?: string | null;
  /** An amount in the currency of the payment that `refundFaultOf` accepts. */
  readonly amount: Money;
  /** Empty: no reason. */
  readonly reason: '' | 'duplicate' | 'fraudulent' | 'requested_by_customer';
  readonly metadata: StripeMetadata;
}

/** A page request for a list of Stripe. */
export interface StripeList {
  /** Objects created at this time or later, in s since 1970. */
  readonly createdFrom: number;
  /** Objects created before this time, in s since 1970. */
  readonly createdBefore: number;
  /** The page begins after the object with this id. Absent: it begins with the newest object. */
  readonly after?: string | undefined;
  /** From 1 to 100. */
  readonly limit: number;
}

/** A page of a list, newest first. */
export interface StripePage {
  readonly objects: readonly StripeObject[];
  /** True: the list continues. */
  readonly hasMore: boolean;
}

/**
 * The calls to Stripe that billing makes.
 * @throws BillingError STRIPE_NOT_CONFIGURED when the key is missing or unknown to Stripe, STRIPE_REFUSED,
 * or STRIPE_UNAVAILABLE, after which a repeat with the same key is safe. Every call may throw these.
 */
export interface StripeGateway {
  /** True: a key is set. */
  readonly isConfigured: boolean;
  createCustomer(customer: NewStripeCustomer): Promise<StripeObject>;
  /** Deletes a customer for good, which ends its subscriptions. A missing customer counts as deleted. */
  deleteCustomer(customer: StripeDeletion): Promise<void>;
  createSubscription(subscription: NewStripeSubscription): Promise<StripeSubscription>;
  /**
   * Finds the subscription of a customer by `subscription_id` in its metadata, in any state. It is used
   * after an interrupted attempt, because Stripe deletes idempotency keys:
   * https://docs.stripe.com/api/idempotent_requests
   */
  findSubscription(wanted: {
    /** "cus_…" */
    readonly customerId: string;
    /** The id in billing. */
    readonly subscriptionId: string;
  }): Promise<StripeSubscription | undefined>;
  /** Ends a subscription and returns its new state. One that is over is returned unchanged. */
  cancelSubscription(cancellation: StripeCancellation): Promise<StripeSubscription>;
  createPaymentIntent(intent: NewPaymentIntent): Promise<PaymentIntent>;
  /** Reads an intent with its secret. Undefined when Stripe has no such intent. */
  findPaymentIntent(id: string): Promise<PaymentIntent | undefined>;
  createRefund(refund: NewStripeRefund): Promise<StripeObject>;
  /**
   * Reads an object. Undefined when Stripe has no such object. A deleted one has `deleted: true` and few
   * other fields.
   */
  retrieve(kind: StripeKind, id: string): Promise<StripeObject | undefined>;
  list(kind: StripeKind, list: StripeList): Promise<StripePage>;
}

/** Creates an idempotency key that no other write of any tenant has. */
export function idempotencyKey(write: { what: string; tenantId: string; requestId: string }): string {
  return `rollcall:${write.what}:${write.tenantId}:${write.requestId}`;
}

/** Applies objects read from Stripe to the ledger, by the code that applies events. */
export interface Snapshots {
  /**
   * Applies objects, all or none. One that is older than the ledger's snapshot changes nothing.
   * @param readTime the time of the request to Stripe
   */
  apply(objects: readonly StripeObject[], readTime: Date): Promise<void>;
}
