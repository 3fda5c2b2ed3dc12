import type Stripe from 'stripe';
import { customerSample } from './customer.ts';
import { invoiceSample } from './invoice.ts';
import { subscriptionSample } from './subscription.ts';

/** What the events of one customer at Stripe have in common. */
export interface SampleAccount {
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

/** What each type of event about a customer, its subscription and its invoice is about, as it stands right after it. */
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
