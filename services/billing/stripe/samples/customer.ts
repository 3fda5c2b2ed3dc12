import type Stripe from 'stripe';

/** Whose a sample customer is. */
export interface SampleCustomer {
  /** "cus_…" */
  readonly id: string;
  /** In s since 1970. */
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A customer as Stripe sends it in an event: without name and address, as billing makes them. */
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
