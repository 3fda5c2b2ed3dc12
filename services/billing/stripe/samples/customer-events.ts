import type Stripe from 'stripe';
import { invoiceSample } from './invoice.ts';
import { subscriptionSample } from './subscription.ts';

/** The fields that the sample events of one customer share. */
interface SampleAccount {
  /** "cus_…" */
  readonly customer: string;
  /** "price_…" */
  readonly price: string;
  /** In minor units. */
  readonly amount: number;
  /** In lower case. */
  readonly currency: string;
  /** In s since 1970. */
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
}

type Maker = (account: SampleAccount) => object;

/** Creates the object of an event by its type, in its state after the event. */
export const CUSTOMER_EVENTS: ReadonlyMap<string, Maker> = new Map(
  Object.entries<Maker>({
    'customer.created': customer,
    'customer.updated': customer,
    'customer.deleted': customer,
    'customer.subscription.created': subscription('incomplete'),
    'customer.subscription.updated': subscription('active'),
    'customer.subscription.paused': subscription('paused'),
    'customer.subscription.resumed': subscription('active'),
    'customer.subscription.deleted': subscription('canceled'),
    'invoice.created': invoice('draft'),
    'invoice.finalized': invoice('open'),
    'invoice.paid': invoice('paid'),
    'invoice.payment_succeeded': invoice('paid'),
    'invoice.payment_failed': invoice('open'),
    'invoice.marked_uncollectible': invoice('uncollectible'),
    'invoice.voided': invoice('void'),
  }),
);

function customer({ customer: id, created, metadata }: SampleAccount): object {
  return customerSample({ id, created, metadata });
}

function subscription(status: Stripe.Subscription.Status): Maker {
  return (account) =>
    subscriptionSample(
      { ...account, id: beside(account, 'sub'), latestInvoice: beside(account, 'in') },
      { status },
    );
}

function invoice(status: Stripe.Invoice.Status): Maker {
  return (account) =>
    invoiceSample({ ...account, id: beside(account, 'in'), subscription: beside(account, 'sub') }, status);
}

function beside({ customer: id }: SampleAccount, prefix: string): string {
  return `${prefix}_${id.slice('cus_'.length)}`;
}

/** A sample customer, by its owner. */
export interface SampleCustomer {
  /** "cus_…" */
  readonly id: string;
  /** In s since 1970. */
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Creates a customer as in Stripe's events: without name and address, as billing creates them. */
export function customerSample({ id, created, metadata }: SampleCustomer): Stripe.Customer {
  return {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: 'SAMPLE00',
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: { ...metadata },
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}
