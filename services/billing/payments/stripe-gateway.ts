import type { StripeKind, StripeMetadata, StripeObject } from '../ledger/stripe-object.ts';
import type { Money } from '../money.ts';

/** What every write says: a repeat of the same key with the same content does nothing twice, for a day at least. */
interface StripeWrite {
  /** At most 255 characters; `idempotencyKey` makes one. */
  readonly idempotencyKey: string;
}

/** A customer to make. It has neither name nor address: whose it is stands in the metadata. */
export interface NewStripeCustomer extends StripeWrite {
  readonly metadata: StripeMetadata;
}

/** A subscription to make. */
export interface NewStripeSubscription extends StripeWrite {
  /** "cus_…" */
  readonly customerId: string;
  /** "price_…" */
  readonly priceId: string;
  /** "pm_…", put at the customer first; absent: the one that Stripe has for the customer, if any. */
  readonly paymentMethodId?: string | undefined;
  readonly metadata: StripeMetadata;
}

/** A subscription to end. */
export interface StripeCancellation extends StripeWrite {
  /** "sub_…" */
  readonly subscriptionId: string;
  /** What is paid for is still had. */
  readonly atPeriodEnd: boolean;
}

/** A subscription as Stripe answered it. */
export interface StripeSubscription {
  /** "sub_…" */
  readonly id: string;
  /** In Stripe's words: "active", "incomplete". */
  readonly status: string;
  /** Until when it is paid; null: not known. */
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  /** What the payer needs to confirm the first payment; empty: nothing. Secret. */
  readonly clientSecret: string;
  readonly object: StripeObject;
}

/** A customer to delete. */
export interface StripeDeletion extends StripeWrite {
  /** "cus_…" */
  readonly customerId: string;
}

/** A payment intent to make. */
export interface NewPaymentIntent extends StripeWrite {
  /** One in which `paymentFaultOf` finds no fault. */
  readonly amount: Money;
  /** Must not name the person. Empty: none. */
  readonly description: string;
  readonly metadata: StripeMetadata;
}

/** A payment intent as Stripe answered it. */
export interface PaymentIntent {
  /** "pi_…" */
  readonly id: string;
  /** What the payer needs to confirm it. Secret. */
  readonly clientSecret: string;
  /** Without the secret. */
  readonly object: StripeObject;
}

/** A refund to make. */
export interface NewStripeRefund extends StripeWrite {
  /** "pi_…"; null: the money came without one, by `chargeId`. */
  readonly paymentIntentId: string | null;
  /** "ch_…", where the money came without a payment intent. Default: the payment intent names it. */
  readonly chargeId?: string | null;
  /** One in which `refundFaultOf` finds no fault, in the currency of the payment. */
  readonly amount: Money;
  /** Empty: not said. */
  readonly reason: '' | 'duplicate' | 'fraudulent' | 'requested_by_customer';
  readonly metadata: StripeMetadata;
}

/** Which part of a list of Stripe's. */
export interface StripeList {
  /** Made at this time or later, in s since 1970. */
  readonly createdFrom: number;
  /** Made before it, in s since 1970. */
  readonly createdBefore: number;
  /** Go on behind the object with this id; absent: begin at the newest. */
  readonly after?: string | undefined;
  /** 1 to 100. */
  readonly limit: number;
}

/** A part of a list, newest first. */
export interface StripePage {
  readonly objects: readonly StripeObject[];
  /** There is more behind it. */
  readonly hasMore: boolean;
}

/**
 * Stripe, as far as billing needs it. Every call throws BillingError: STRIPE_NOT_CONFIGURED without a key, or with one that
 * Stripe does not know; STRIPE_REFUSED; STRIPE_UNAVAILABLE, after which the same write with the same key is safe.
 */
export interface StripeGateway {
  /** Whether there is a key. */
  readonly isConfigured: boolean;
  createCustomer(customer: NewStripeCustomer): Promise<StripeObject>;
  /** Deletes a customer for good, which ends its subscriptions. One that is not there is deleted already. */
  deleteCustomer(customer: StripeDeletion): Promise<void>;
  createSubscription(subscription: NewStripeSubscription): Promise<StripeSubscription>;
  /**
   * The subscription of a customer whose metadata say this `subscription_id`, in any state; undefined: there is none. Asked where
   * an earlier attempt was cut off, because Stripe forgets keys: https://docs.stripe.com/api/idempotent_requests
   */
  findSubscription(wanted: {
    /** "cus_…" */
    readonly customerId: string;
    /** Ours. */
    readonly subscriptionId: string;
  }): Promise<StripeSubscription | undefined>;
  /** Answers the subscription as it is then; also where it was over before. */
  cancelSubscription(cancellation: StripeCancellation): Promise<StripeSubscription>;
  createPaymentIntent(intent: NewPaymentIntent): Promise<PaymentIntent>;
  /** The intent as it is now, with its secret; undefined: Stripe has none of this id. */
  findPaymentIntent(id: string): Promise<PaymentIntent | undefined>;
  createRefund(refund: NewStripeRefund): Promise<StripeObject>;
  /** The object as it is now; undefined: Stripe has none of this id. One that was deleted has `deleted: true` and little else. */
  retrieve(kind: StripeKind, id: string): Promise<StripeObject | undefined>;
  list(kind: StripeKind, list: StripeList): Promise<StripePage>;
}

/** A key that no other write of any tenant has. */
export function idempotencyKey(write: { what: string; tenantId: string; requestId: string }): string {
  return `rollcall:${write.what}:${write.tenantId}:${write.requestId}`;
}

/** What Stripe answered becomes part of the ledger by the same code as what its events tell. */
export interface Snapshots {
  /**
   * Applies objects that were read from Stripe, all or none. What is older than what is known changes nothing.
   * @param readTime when Stripe was asked
   */
  apply(objects: readonly StripeObject[], readTime: Date): Promise<void>;
}
