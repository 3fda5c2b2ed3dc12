import type Stripe from 'stripe';

/** The fields of a sample subscription. */
interface SampleSubscription {
  /** "sub_…" */
  readonly id: string;
  /** "cus_…" */
  readonly customer: string;
  /** "price_…" */
  readonly price: string;
  /** The monthly amount, in minor units. */
  readonly amount: number;
  /** In lower case. */
  readonly currency: string;
  /** In s since 1970. */
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** "in_…". Null: there is no invoice. */
  readonly latestInvoice: string | null;
}

/** The state of a sample subscription. */
interface SampleSubscriptionTerms {
  readonly status: Stripe.Subscription.Status;
  /** @defaultValue false */
  readonly cancelAtPeriodEnd?: boolean;
}

const MONTH_S = 30 * 86_400;

/** Creates a subscription as in Stripe's events. */
export function subscriptionSample(
  subscription: SampleSubscription,
  { status, cancelAtPeriodEnd = false }: SampleSubscriptionTerms,
): Stripe.Subscription {
  const { id, customer, currency, created, metadata, latestInvoice } = subscription;
  const endedAt = status === 'canceled' ? created + 20 : null;
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: created,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: cancelAtPeriodEnd ? created + MONTH_S : null,
    cancel_at_period_end: cancelAtPeriodEnd,
    canceled_at: endedAt,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created,
    currency,
    customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: endedAt,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      data: [itemOf(subscription)],
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: latestInvoice,
    livemode: false,
    managed_payments: null,
    metadata: { ...metadata },
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'on_subscription',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: created,
    status,
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' },
    },
    trial_start: null,
  };
}

function itemOf({ id, price, amount, currency, created }: SampleSubscription): Stripe.SubscriptionItem {
  const product = `prod_${price.slice('price_'.length)}`;
  const shared = { active: true, billing_scheme: 'per_unit', created, currency, livemode: false } as const;
  return {
    id: `si_${id.slice('sub_'.length)}`,
    object: 'subscription_item',
    billing_thresholds: null,
    created,
    current_period_end: created + MONTH_S,
    current_period_start: created,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: {
      id: price,
      object: 'plan',
      ...shared,
      amount,
      amount_decimal: decimal(amount),
      interval: 'month',
      interval_count: 1,
      metadata: {},
      meter: null,
      nickname: null,
      product,
      tiers_mode: null,
      transform_usage: null,
      trial_period_days: null,
      usage_type: 'licensed',
    },
    price: {
      id: price,
      object: 'price',
      ...shared,
      custom_unit_amount: null,
      lookup_key: null,
      metadata: {},
      nickname: null,
      product,
      recurring: {
        interval: 'month',
        interval_count: 1,
        meter: null,
        trial_period_days: null,
        usage_type: 'licensed',
      },
      tax_behavior: 'inclusive',
      tiers_mode: null,
      transform_quantity: null,
      type: 'recurring',
      unit_amount: amount,
      unit_amount_decimal: decimal(amount),
    },
    quantity: 1,
    subscription: id,
    tax_rates: [],
  };
}

// Text on the wire. Only the package turns it into a number class.
function decimal(amount: number): Stripe.Price['unit_amount_decimal'] {
  return String(amount) as unknown as Stripe.Price['unit_amount_decimal'];
}
