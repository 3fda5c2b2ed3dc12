import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  CancelSubscriptionResponseSchema,
  type Customer as CustomerMessage,
  CustomerSchema,
  type CustomerService,
  GetCustomerResponseSchema,
  GetCustomerWithProfileResponseSchema,
  ListCustomersResponseSchema,
  SubscriptionState as StateMessage,
  type SubscribeRequest,
  SubscribeResponseSchema,
  type Subscription as SubscriptionMessage,
  SubscriptionSchema,
} from '@rollcall/contract/billing';
import { type Implementation, pageFromRequest, requireStorable, writeRequest } from '@rollcall/runtime/rpc';
import { toAttachedUser, withUsers } from '@rollcall/user-access';
import { cancelSubscription } from '../customers/cancel-subscription.ts';
import type { Customer, Subscription } from '../customers/customer.ts';
import { findCustomer } from '../customers/find-customer.ts';
import { type SubscribeCommand, type SubscribePorts, subscribe } from '../customers/subscribe.ts';
import { toPage } from '../page.ts';

/** Implements CustomerService. */
export function customerServiceImplementation(ports: SubscribePorts): Implementation<typeof CustomerService> {
  const besideUsers = (rows: readonly Customer[], options: BesideOptions) =>
    withUsers(ports.users, rows, { columns: { user: ({ id }: Customer) => id }, ...options });
  return {
    async subscribe(request, call) {
      const done = await subscribe(ports, { ...subscriptionFrom(request), signal: call.signal });
      const { replayed, clientSecret } = done;
      return create(SubscribeResponseSchema, {
        ...{ customer: toCustomerMessage(done.customer), replayed, clientSecret },
      });
    },
    async cancelSubscription({ tenantId, requestId, id, atPeriodEnd }) {
      const asked = { id: id.toLowerCase(), atPeriodEnd };
      const command = { tenantId, ...asked, ...writeRequest(requestId, asked) };
      const customer = await cancelSubscription(ports, command);
      return create(CancelSubscriptionResponseSchema, { customer: toCustomerMessage(customer) });
    },
    async getCustomer({ tenantId, id }) {
      const customer = await findCustomer(ports, { tenantId, id: id.toLowerCase() });
      return create(GetCustomerResponseSchema, { customer: toCustomerMessage(customer) });
    },
    async getCustomerWithProfile({ tenantId, id }, { signal }) {
      const customer = await findCustomer(ports, { tenantId, id: id.toLowerCase() });
      const [shown] = await besideUsers([customer], { tenantId, signal, view: 'BASIC' });
      return create(GetCustomerWithProfileResponseSchema, {
        customer: toCustomerMessage(customer),
        ...(shown?.users.user && { user: toAttachedUser(shown.users.user) }),
      });
    },
    async listCustomers(request, { signal }) {
      const { page, tokens } = pageFromRequest(request, ['ListCustomers']);
      const { tenantId, limit } = page;
      const found = await ports.customers.list({ ...page, limit: limit + 1 });
      const { rows, next } = toPage(found, limit, positionOf);
      const shown = await besideUsers(rows, { tenantId, signal });
      const customers = shown.map(({ row, users: { user } }) => ({
        customer: toCustomerMessage(row),
        ...(user && { user: toAttachedUser(user) }),
      }));
      return create(ListCustomersResponseSchema, {
        ...{ customers, nextPageToken: next ? tokens.write(next) : '' },
      });
    },
  };
}

interface BesideOptions {
  readonly tenantId: string;
  readonly signal: AbortSignal;
  readonly view?: 'BASIC';
}

function positionOf({ createTime, id }: Customer) {
  return { timeMs: createTime.getTime(), id };
}

function subscriptionFrom(request: SubscribeRequest): Omit<SubscribeCommand, 'signal'> {
  const asked = {
    userId: request.userId.toLowerCase(),
    planId: request.planId.toLowerCase(),
    areaId: request.areaId.toLowerCase(),
    paymentMethodId: requireStorable('payment_method_id', request.paymentMethodId),
  };
  return { tenantId: request.tenantId, ...asked, ...writeRequest(request.requestId, asked) };
}

function toCustomerMessage(customer: Customer): CustomerMessage {
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
