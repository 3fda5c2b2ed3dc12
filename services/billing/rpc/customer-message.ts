import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Customer as CustomerMessage,
  CustomerSchema,
  SubscriptionState as StateMessage,
  type Subscription as SubscriptionMessage,
  SubscriptionSchema,
} from '@rollcall/contract/billing';
import type { Customer, Subscription } from '../customers/customer.ts';

/** A customer as it goes over the wire. */
export function toCustomerMessage(customer: Customer): CustomerMessage {
  const { tenantId, id, stripeCustomerId, subscription, createTime, updateTime } = customer;
  return create(CustomerSchema, {
    ...{ tenantId, id, stripeCustomerId: stripeCustomerId ?? '' },
    ...(subscription && { subscription: toSubscriptionMessage(subscription) }),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  });
}

function toSubscriptionMessage(subscription: Subscription): SubscriptionMessage {
  const { state, stripeSubscriptionId, createTime, updateTime, ...others } = subscription;
  const { currentPeriodEnd, endTime, collectionResumeTime, ...rest } = others;
  return create(SubscriptionSchema, {
    ...rest,
    state: StateMessage[state],
    stripeSubscriptionId: stripeSubscriptionId ?? '',
    ...(currentPeriodEnd && {
      currentPeriodEnd: timestampFromDate(currentPeriodEnd),
    }),
    ...(endTime && { endTime: timestampFromDate(endTime) }),
    ...(collectionResumeTime && {
      collectionResumeTime: timestampFromDate(collectionResumeTime),
    }),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  });
}
