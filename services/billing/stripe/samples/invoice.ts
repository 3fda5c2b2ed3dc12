import type Stripe from 'stripe';

/** The fields of a sample invoice. */
interface SampleInvoice {
  /** "in_…" */
  readonly id: string;
  /** "cus_…" */
  readonly customer: string;
  /** "sub_…". Null: the invoice is for no subscription. */
  readonly subscription: string | null;
  /** In minor units. */
  readonly amount: number;
  /** In lower case. */
  readonly currency: string;
  /** In s since 1970. */
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Creates an invoice as in Stripe's events. It names no person. */
export function invoiceSample(invoice: SampleInvoice, status: Stripe.Invoice.Status): Stripe.Invoice {
  const { id, customer, amount, currency, created, metadata } = invoice;
  const isDraft = status === 'draft';
  const isPaid = status === 'paid';
  return {
    id,
    object: 'invoice',
    account_country: 'IE',
    account_name: 'Rollcall',
    account_tax_ids: null,
    amount_due: amount,
    amount_overpaid: 0,
    amount_paid: isPaid ? amount : 0,
    amount_remaining: isPaid ? 0 : amount,
    amount_shipping: 0,
    application: null,
    attempt_count: isDraft ? 0 : 1,
    attempted: !isDraft,
    auto_advance: !isPaid,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: invoice.subscription ? 'subscription_create' : 'manual',
    collection_method: 'charge_automatically',
    created,
    currency,
    custom_fields: null,
    customer,
    customer_account: null,
    customer_address: null,
    customer_email: null,
    customer_name: null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: isDraft ? null : created + 1,
    ending_balance: isDraft ? null : 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: 'list', data: [lineOf(invoice)], has_more: false, url: `/v1/invoices/${id}/lines` },
    livemode: false,
    metadata: { ...metadata },
    next_payment_attempt: null,
    number: isDraft ? null : 'SAMPLE00-0001',
    on_behalf_of: null,
    parent: invoice.subscription ? ofSubscription(invoice.subscription, metadata) : null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: created,
    period_start: created,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status,
    status_transitions: {
      finalized_at: isDraft ? null : created + 1,
      marked_uncollectible_at: status === 'uncollectible' ? created + 3 : null,
      paid_at: isPaid ? created + 2 : null,
      voided_at: status === 'void' ? created + 3 : null,
    },
    subtotal: amount,
    subtotal_excluding_tax: amount,
    test_clock: null,
    total: amount,
    total_discount_amounts: [],
    total_excluding_tax: amount,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}

function ofSubscription(
  subscription: string,
  metadata: Readonly<Record<string, string>>,
): Stripe.Invoice.Parent {
  return {
    quote_details: null,
    subscription_details: { metadata: { ...metadata }, subscription },
    type: 'subscription_details',
  };
}

function lineOf({ id, amount, currency, created, subscription }: SampleInvoice): Stripe.InvoiceLineItem {
  return {
    id: `il_${id.slice('in_'.length)}`,
    object: 'line_item',
    amount,
    currency,
    description: 'Sample',
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: id,
    livemode: false,
    metadata: {},
    parent: null,
    period: { end: created, start: created },
    pretax_credit_amounts: [],
    pricing: null,
    quantity: 1,
    quantity_decimal: null,
    subscription,
    subtotal: amount,
    taxes: [],
  };
}
