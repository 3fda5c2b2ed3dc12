import { randomUUID } from 'node:crypto';
import { SubscriptionState } from '@rollcall/contract/billing';
import { UserState } from '@rollcall/contract/user';
import { Secret } from '@rollcall/runtime';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeObject } from '../ledger/stripe-object.ts';
import { eventSample } from '../stripe/samples/event.ts';
import { postEvent } from '../stripe-cli/post-event.ts';
import { type BillingUnderTest, type Sold, startBilling } from '../testing/start-billing.ts';
import { STRIPE_TEST_KEY, type StripeServer, startStripeServer } from '../testing/stripe-server.ts';

const tenantId = 'acme';
const WEBHOOK_SECRET = 'whsec_test';
let stripe: StripeServer;
let billing: BillingUnderTest;
let paid: Sold;
let free: Sold;
let userId: string;

beforeAll(async () => {
  stripe = await startStripeServer();
  billing = await startBilling({
    ...{ STRIPE_API_KEY: STRIPE_TEST_KEY, STRIPE_API_BASE: stripe.url.href },
    STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
  });
  paid = await billing.sell({ minorUnits: 900n, stripePriceId: 'price_900' });
  free = await billing.sell({ minorUnits: 0n });
});

afterAll(async () => {
  await billing[Symbol.asyncDispose]();
  await stripe[Symbol.asyncDispose]();
});

beforeEach(() => {
  stripe.heal();
  userId = newUser();
});

function newUser(state: UserState = UserState.ACTIVE): string {
  const id = randomUUID();
  billing.users.put(tenantId, id, { state, displayName: 'Ana', email: `${id}@example.com` });
  return id;
}

function subscribe(to: Sold, requestId = '', of = userId) {
  return billing.customers.subscribe({ tenantId, requestId, userId: of, ...to });
}

/** The requests of one kind that the fake Stripe received for the user. */
function sentTo(path: string, of = userId) {
  const isOf = ({ form }: { form: ReadonlyMap<string, string> }) => form.get('metadata[user_id]') === of;
  return stripe.requests.filter((each) => each.method === 'POST' && each.path === path && isOf(each));
}

const rowsOf = (id: string) =>
  billing.sql('select * from subscriptions where customer_id = $1 order by create_time', [id]);
const customersOf = (id: string) => billing.sql('select * from customers where id = $1', [id]);
const whenMaking = (path: string) => (request: { method: string; path: string }) =>
  request.method === 'POST' && request.path === path;

describe('Subscribe', () => {
  it('creates a customer with the id of the user; a free plan needs no Stripe', async () => {
    const requests = stripe.requests.length;
    const { customer, replayed, clientSecret } = await subscribe(free, '', userId.toUpperCase());
    expect(customer).toMatchObject({
      ...{ id: userId, tenantId, stripeCustomerId: '' },
      subscription: { ...free, state: SubscriptionState.ACTIVE, stripeSubscriptionId: '' },
    });
    expect([replayed, clientSecret, stripe.requests.length]).toEqual([false, '', requests]);
    expect((await billing.customers.getCustomer({ tenantId, id: userId })).customer).toEqual(customer);
  });

  it('sends Stripe the ids of the owner, and neither a name nor an address', async () => {
    const { customer, clientSecret } = await billing.customers.subscribe({
      ...{ tenantId, userId, ...paid, paymentMethodId: 'pm_card' },
    });
    expect(customer?.stripeCustomerId).toMatch(/^cus_/);
    expect(customer?.subscription).toMatchObject({ ...paid, state: SubscriptionState.INCOMPLETE });
    expect(clientSecret).toBe(`${customer?.subscription?.stripeSubscriptionId}_secret`);
    const [made] = sentTo('/v1/customers');
    expect(Object.fromEntries(made?.form ?? [])).toEqual({
      'metadata[tenant_id]': tenantId,
      'metadata[user_id]': userId,
    });
    const [subscription] = sentTo('/v1/subscriptions');
    expect(subscription?.form.get('items[0][price]')).toBe('price_900');
    expect(subscription?.form.get('metadata[subscription_id]')).toBe(customer?.subscription?.id);
    const sent = JSON.stringify(stripe.requests.map(({ form }) => [...form]));
    expect(sent).not.toMatch(/Ana|example\.com/);
  });

  it('refuses an unknown plan or area, and a plan that is not sold', async () => {
    const other = await billing.sell({ minorUnits: 0n });
    expect(await faultOf(subscribe({ ...free, planId: randomUUID() }))).toMatchObject({
      reason: 'PLAN_NOT_FOUND',
    });
    expect(await faultOf(subscribe({ ...free, areaId: randomUUID() }))).toMatchObject({
      reason: 'AREA_NOT_FOUND',
    });
    const elsewhere = await faultOf(subscribe({ ...free, areaId: other.areaId }));
    expect(elsewhere).toMatchObject({ code: 'FailedPrecondition', reason: 'PLAN_NOT_SOLD' });
    const { plan } = await billing.plans.getPlan({ tenantId, id: other.planId });
    const update = { tenantId, updateMask: { paths: ['retired'] } };
    if (plan) await billing.plans.updatePlan({ ...update, plan: Object.assign(plan, { retired: true }) });
    expect(await faultOf(subscribe(other))).toMatchObject({
      reason: 'PLAN_NOT_SOLD',
      metadata: { why: 'retired' },
    });
  });

  it.each<[string, UserState | undefined]>([
    ['missing', undefined],
    ['suspended', UserState.SUSPENDED],
    ['deleted', UserState.DELETED],
  ])('refuses a user who is %s, and stores nothing', async (why, state) => {
    const id = state === undefined ? randomUUID() : newUser(state);
    expect(await faultOf(subscribe(paid, '', id))).toMatchObject({
      ...{ code: 'FailedPrecondition', reason: 'USER_NOT_ELIGIBLE' },
      metadata: { user_id: id, tenant_id: tenantId, why },
    });
    expect([await customersOf(id), sentTo('/v1/customers', id)]).toEqual([[], []]);
  });

  it('refuses a second live subscription, in any order of concurrent calls', async () => {
    const calls = Array.from({ length: 20 }, (_, n) => subscribe(n % 2 ? paid : free));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const faults = await Promise.all(
      calls.filter((_, i) => settled[i]?.status === 'rejected').map((call) => faultOf(call)),
    );
    const reasons = new Set(faults.map(({ reason }) => reason));
    // A concurrent call may be asked to retry, and is refused for good then.
    for (const reason of reasons) expect(['ALREADY_SUBSCRIBED', 'STRIPE_UNAVAILABLE']).toContain(reason);
    expect(await faultOf(subscribe(free))).toMatchObject({ reason: 'ALREADY_SUBSCRIBED' });
    expect(await rowsOf(userId)).toHaveLength(1);
    expect(sentTo('/v1/subscriptions').length).toBeLessThanOrEqual(1);
  });
});

describe('a request id of Subscribe', () => {
  it('answers a repeat as the first call, with a pending client secret, whatever happened to the user', async () => {
    const requestId = randomUUID();
    const first = await subscribe(paid, requestId);
    billing.users.put(tenantId, userId, { state: UserState.SUSPENDED });
    const again = await subscribe(paid, requestId.toUpperCase());
    expect(again).toEqual({ ...first, replayed: true });
    expect(sentTo('/v1/subscriptions')).toHaveLength(1);
  });

  it('is refused for other content', async () => {
    const requestId = randomUUID();
    await subscribe(free, requestId);
    expect(await faultOf(subscribe(paid, requestId))).toMatchObject({
      ...{ code: 'InvalidArgument', reason: 'REQUEST_ID_REUSED' },
    });
  });

  it('makes one subscription from twenty equal concurrent calls, for each of ten users', async () => {
    for (const of of [userId, ...Array.from({ length: 9 }, () => newUser())]) {
      const requestId = randomUUID();
      const calls = Array.from({ length: 20 }, () => subscribe(paid, requestId, of));
      await Promise.allSettled(calls);
      const answers = await Promise.all(calls);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      const ids = answers.map(({ customer }) => customer?.subscription?.stripeSubscriptionId);
      expect(new Set(ids).size).toBe(1);
      expect(await rowsOf(of)).toHaveLength(1);
    }
  });
});

describe('a subscription that is cut off', () => {
  it.each(['/v1/customers', '/v1/subscriptions'])(
    'after Stripe handled %s is completed by a repeat, and made once',
    async (path) => {
      const requestId = randomUUID();
      // As often as the package retries.
      stripe.plan({ fault: 'drop after', times: 3, when: whenMaking(path) });
      expect(await faultOf(subscribe(paid, requestId))).toMatchObject({
        ...{ code: 'Unavailable', reason: 'STRIPE_UNAVAILABLE', retries: true },
      });
      const { customer } = await subscribe(paid, requestId);
      const made = stripe.account
        .list('subscription')
        .filter((each) => each.customer === customer?.stripeCustomerId);
      expect(made).toMatchObject([{ id: customer?.subscription?.stripeSubscriptionId }]);
      const mine = stripe.account.list('customer').filter((each) => isOf(each, userId));
      expect(mine).toMatchObject([{ id: customer?.stripeCustomerId }]);
    },
  );

  it('by a crash before the commit is found at Stripe by its metadata, long after keys are forgotten', async () => {
    const requestId = randomUUID();
    const { customer } = await subscribe(paid, requestId);
    const id = customer?.subscription?.stripeSubscriptionId;
    await billing.sql('update subscriptions set stripe_subscription_id = null where customer_id = $1', [
      userId,
    ]);
    const sent = sentTo('/v1/subscriptions').length;
    const { customer: again } = await subscribe(paid, requestId);
    expect(again?.subscription?.stripeSubscriptionId).toBe(id);
    expect(sentTo('/v1/subscriptions')).toHaveLength(sent);
  });

  it('blocks another one only until Stripe is known not to have it', async () => {
    stripe.plan({ fault: 'drop before', times: 3, when: whenMaking('/v1/subscriptions') });
    await faultOf(subscribe(paid));
    expect(await faultOf(subscribe(free))).toMatchObject({
      ...{ reason: 'STRIPE_UNAVAILABLE', metadata: { why: 'attempt_at_work' } },
    });
    await billing.sql(
      `update subscriptions set create_time = create_time - interval '1 hour' where customer_id = $1`,
      [userId],
    );
    const { customer } = await subscribe(free);
    expect(customer?.subscription).toMatchObject({ ...free, state: SubscriptionState.ACTIVE });
    expect((await rowsOf(userId)).map(({ state }) => state)).toEqual(['INCOMPLETE_EXPIRED', 'ACTIVE']);
  });

  it('counts as a subscription when Stripe has it', async () => {
    stripe.plan({ fault: 'drop after', times: 3, when: whenMaking('/v1/subscriptions') });
    await faultOf(subscribe(paid));
    expect(await faultOf(subscribe(free))).toMatchObject({ reason: 'ALREADY_SUBSCRIBED' });
    const { customer } = await billing.customers.getCustomer({ tenantId, id: userId });
    expect(customer?.subscription?.stripeSubscriptionId).toMatch(/^sub_/);
  });
});

it('deletes an order that Stripe refuses, passes on its code, and accepts the request id again', async () => {
  const requestId = randomUUID();
  const fault = { status: 402, code: 'card_declined' };
  stripe.plan({ fault, when: whenMaking('/v1/subscriptions') });
  expect(await faultOf(subscribe(paid, requestId))).toMatchObject({
    ...{ code: 'FailedPrecondition', reason: 'STRIPE_REFUSED' },
    metadata: { stripe_code: 'card_declined' },
  });
  expect([await rowsOf(userId), await customersOf(userId)]).toEqual([[], []]);
  expect(await faultOf(billing.customers.getCustomer({ tenantId, id: userId }))).toMatchObject({
    ...{ code: 'NotFound', reason: 'CUSTOMER_NOT_FOUND' },
  });
});

describe('CancelSubscription', () => {
  const cancel = (init: { atPeriodEnd?: boolean; requestId?: string } = {}) =>
    billing.customers.cancelSubscription({ tenantId, id: userId, ...init });

  it('ends a free subscription at once, and allows another one', async () => {
    await subscribe(free);
    const { customer } = await cancel({ atPeriodEnd: true });
    expect(customer?.subscription).toMatchObject({
      ...{ state: SubscriptionState.CANCELED, endTime: expect.anything() },
    });
    expect((await subscribe(paid)).customer?.subscription?.planId).toBe(paid.planId);
  });

  it('ends a paid subscription at Stripe, at once or with the paid period', async () => {
    const { customer } = await subscribe(paid);
    const later = await cancel({ atPeriodEnd: true });
    expect(later.customer?.subscription).toMatchObject({
      ...{ cancelAtPeriodEnd: true, state: SubscriptionState.INCOMPLETE },
    });
    expect(later.customer?.subscription?.endTime).toEqual(later.customer?.subscription?.currentPeriodEnd);
    const now = await cancel();
    expect(now.customer?.subscription).toMatchObject({
      ...{ state: SubscriptionState.CANCELED, endTime: expect.anything() },
    });
    const id = customer?.subscription?.stripeSubscriptionId ?? '';
    expect(stripe.account.find('subscription', id)).toMatchObject({ status: 'canceled' });
    expect((await cancel()).customer).toEqual(now.customer);
  });

  it('is not undone by an older event, not even when there is another subscription since', async () => {
    const { customer } = await subscribe(paid);
    const id = customer?.subscription?.stripeSubscriptionId ?? '';
    const before = stripe.account.find('subscription', id);
    await cancel();
    const { customer: since } = await subscribe(free);
    const event = eventSample({
      ...{ type: 'customer.subscription.updated', created: Math.floor(Date.now() / 1000) - 60 },
      object: { ...before, status: 'active' },
    });
    const url = new URL('/webhooks/stripe', billing.httpUrl);
    expect(await postEvent(url, event, new Secret(WEBHOOK_SECRET))).toMatchObject({ status: 200 });
    const stateOf = async () =>
      (await billing.sql('select state from stripe_events where id = $1', [event.id]))[0]?.state;
    await expect.poll(stateOf, { timeout: 10_000 }).toBe('applied');
    expect((await rowsOf(userId)).map(({ state }) => state)).toEqual(['CANCELED', 'ACTIVE']);
    expect((await billing.customers.getCustomer({ tenantId, id: userId })).customer).toEqual(since);
  });

  it('does not end a later subscription by a repeat', async () => {
    const requestId = randomUUID();
    await subscribe(free);
    await cancel({ requestId });
    await subscribe(free);
    const { customer } = await cancel({ requestId });
    expect(customer?.subscription?.state).toBe(SubscriptionState.ACTIVE);
    expect(await faultOf(cancel({ requestId, atPeriodEnd: true }))).toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('is refused for a user who never subscribed', async () => {
    expect(await faultOf(cancel())).toMatchObject({ code: 'NotFound', reason: 'CUSTOMER_NOT_FOUND' });
  });

  it('changes nothing while Stripe is away', async () => {
    await subscribe(paid);
    stripe.plan({ fault: { status: 500 }, times: 3 });
    expect(await faultOf(cancel())).toMatchObject({ code: 'Unavailable', reason: 'STRIPE_UNAVAILABLE' });
    const { customer } = await billing.customers.getCustomer({ tenantId, id: userId });
    expect(customer?.subscription?.state).toBe(SubscriptionState.INCOMPLETE);
  });
});

function isOf(object: StripeObject, id: string): boolean {
  return (object.metadata as { user_id?: string } | undefined)?.user_id === id;
}
