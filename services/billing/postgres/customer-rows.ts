import type { Customer, Subscription, SubscriptionOrder, SubscriptionState } from '../customers/customer.ts';

/** A subscription as the prepared statements answer it. */
export interface SubscriptionRow {
  subscription_id: string;
  plan_id: string;
  area_id: string;
  state: SubscriptionState;
  stripe_subscription_id: string | null;
  current_period_end: Date | null;
  cancel_at_period_end: boolean;
  end_time: Date | null;
  collection_paused: boolean;
  collection_resume_time: Date | null;
  subscription_create_time: Date;
  subscription_update_time: Date;
}

/** A subscription with what Stripe is told of it. */
export interface OrderRow extends SubscriptionRow {
  tenant_id: string;
  customer_id: string;
  stripe_price_id: string | null;
  stripe_payment_method_id: string | null;
  stripe_customer_id: string | null;
  request_fingerprint: Buffer | null;
}

/** A customer with its newest subscription, if any. */
export type CustomerRow = {
  tenant_id: string;
  id: string;
  stripe_customer_id: string | null;
  create_time: Date;
  update_time: Date;
} & (SubscriptionRow | { subscription_id: null });

/** The columns of `SubscriptionRow`, from `subscriptions s`. */
export const SUBSCRIPTION_COLUMNS = `s.id as subscription_id, s.plan_id, s.area_id, s.state, s.stripe_subscription_id,
  s.current_period_end, s.cancel_at_period_end, s.end_time, s.collection_paused, s.collection_resume_time, s.create_time as subscription_create_time,
  s.update_time as subscription_update_time`;

/** Selects `CustomerRow`; what follows says which. */
export const SELECT_CUSTOMERS = `select c.tenant_id, c.id, c.stripe_customer_id, c.create_time, c.update_time, ${SUBSCRIPTION_COLUMNS}
  from customers c left join lateral (
    select * from subscriptions n where n.tenant_id = c.tenant_id and n.customer_id = c.id
    order by n.create_time desc, n.id desc limit 1
  ) s on true`;

/** Selects `OrderRow`; what follows says which. */
export const SELECT_ORDERS = `select s.tenant_id, s.customer_id, s.stripe_price_id, s.stripe_payment_method_id, c.stripe_customer_id,
    s.request_fingerprint, ${SUBSCRIPTION_COLUMNS}
  from subscriptions s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id`;

/** A selected row as a customer of the domain. */
export function customerFromRow(row: CustomerRow): Customer {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    stripeCustomerId: row.stripe_customer_id,
    subscription: row.subscription_id === null ? null : subscriptionFromRow(row),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

/** A selected row as an order of the domain. */
export function orderFromRow(row: OrderRow): SubscriptionOrder {
  return {
    tenantId: row.tenant_id,
    customerId: row.customer_id,
    subscription: subscriptionFromRow(row),
    stripePriceId: row.stripe_price_id,
    paymentMethodId: row.stripe_payment_method_id ?? '',
    stripeCustomerId: row.stripe_customer_id,
  };
}

function subscriptionFromRow(row: SubscriptionRow): Subscription {
  return {
    id: row.subscription_id,
    planId: row.plan_id,
    areaId: row.area_id,
    state: row.state,
    stripeSubscriptionId: row.stripe_subscription_id,
    currentPeriodEnd: row.current_period_end,
    cancelAtPeriodEnd: row.cancel_at_period_end,
    endTime: row.end_time,
    collectionPaused: row.collection_paused,
    collectionResumeTime: row.collection_resume_time,
    createTime: row.subscription_create_time,
    updateTime: row.subscription_update_time,
  };
}
