import { randomUUID } from 'node:crypto';
import { AttachedUserOutcome, UserState } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BillingUnderTest, type Sold, startBilling } from '../testing/start-billing.ts';

const tenantId = 'acme';
let billing: BillingUnderTest;
let free: Sold;

// A new service for each test, because the client's memory of an outage would affect the next one.
beforeEach(async () => {
  billing = await startBilling();
  free = await billing.sell({ minorUnits: 0n });
});

afterEach(() => billing[Symbol.asyncDispose]());

async function newCustomer(displayName = 'Ana'): Promise<string> {
  const userId = randomUUID();
  billing.users.put(tenantId, userId, { displayName, email: `${userId}@example.com`, phone: '+351 1' });
  await billing.customers.subscribe({ tenantId, userId, ...free });
  return userId;
}

const withProfile = (id: string) => billing.customers.getCustomerWithProfile({ tenantId, id });

// Longer than a cached answer is fresh, shorter than it is kept as a fallback.
const FORGETS_MS = 60_000;

describe('GetCustomerWithProfile', () => {
  it('shows the user of the customer, with e-mail and phone', async () => {
    const id = await newCustomer();
    expect(await withProfile(id)).toMatchObject({
      customer: { id },
      user: {
        ...{ id, outcome: AttachedUserOutcome.FOUND, stale: false },
        user: { displayName: 'Ana', email: `${id}@example.com`, phone: '+351 1' },
      },
    });
  });

  it('answers while the user service is away: cached users as they were, others as unavailable', async () => {
    const [seen, unseen] = [await newCustomer(), await newCustomer()];
    await withProfile(seen);
    billing.userService.down();
    billing.age(FORGETS_MS);
    expect((await withProfile(seen)).user).toMatchObject({
      ...{ outcome: AttachedUserOutcome.FOUND, stale: true, user: { email: `${seen}@example.com` } },
    });
    expect(await withProfile(unseen)).toMatchObject({
      customer: { id: unseen },
      user: { id: unseen, outcome: AttachedUserOutcome.UNAVAILABLE },
    });
  });

  it('shows a deleted user, and refuses a user who never subscribed', async () => {
    const id = await newCustomer();
    billing.users.delete(tenantId, id);
    billing.age(FORGETS_MS);
    expect((await withProfile(id)).user?.outcome).toBe(AttachedUserOutcome.DELETED);
    const unknown = randomUUID();
    billing.users.put(tenantId, unknown);
    expect(await faultOf(withProfile(unknown))).toMatchObject({
      ...{ code: 'NotFound', reason: 'CUSTOMER_NOT_FOUND', metadata: { id: unknown } },
    });
  });
});

describe('ListCustomers', () => {
  it('pages through the customers of a tenant, newest first, each with its user', async () => {
    const ids = [await newCustomer('A'), await newCustomer('B'), await newCustomer('C')];
    const first = await billing.customers.listCustomers({ tenantId, pageSize: 2 });
    const { nextPageToken: pageToken } = first;
    const rest = await billing.customers.listCustomers({ tenantId, pageSize: 2, pageToken });
    const shown = [...first.customers, ...rest.customers];
    expect(shown.map(({ customer }) => customer?.id)).toEqual(ids.toReversed());
    expect(shown.map(({ user }) => user?.user?.displayName)).toEqual(['C', 'B', 'A']);
    // The REFERENCE view has no contact data.
    expect(shown.map(({ user }) => user?.user?.email)).toEqual(['', '', '']);
    expect([first.customers.length, rest.nextPageToken]).toEqual([2, '']);
  });

  it('shows nothing of another tenant', async () => {
    await newCustomer();
    expect((await billing.customers.listCustomers({ tenantId: 'elsewhere' })).customers).toEqual([]);
  });
});

describe('without a Stripe key, a call', () => {
  it('a call that needs it is refused with the variable and leaves no rows; all others work', async () => {
    const paid = await billing.sell({ minorUnits: 900n, stripePriceId: 'price_900' });
    const userId = randomUUID();
    billing.users.put(tenantId, userId);
    expect(await faultOf(billing.customers.subscribe({ tenantId, userId, ...paid }))).toMatchObject({
      ...{ code: 'FailedPrecondition', reason: 'STRIPE_NOT_CONFIGURED' },
      metadata: { variables: 'STRIPE_API_KEY' },
    });
    expect(await billing.sql('select id from customers')).toEqual([]);
    await billing.customers.subscribe({ tenantId, userId, ...free });
  });
});

describe('while the user service is away, Subscribe', () => {
  it('accepts a user cached as active, and refuses an uncached one as unknown now', async () => {
    const [seen, unseen] = [await newCustomer(), randomUUID()];
    billing.users.put(tenantId, unseen);
    await billing.customers.cancelSubscription({ tenantId, id: seen });
    billing.userService.down();
    billing.age(FORGETS_MS);
    await billing.customers.subscribe({ tenantId, userId: seen, ...free });
    expect(await faultOf(billing.customers.subscribe({ tenantId, userId: unseen, ...free }))).toMatchObject({
      ...{ code: 'Unavailable', reason: 'USER_UNKNOWN_NOW', retries: true },
    });
    expect(await billing.sql('select id from customers')).toEqual([{ id: seen }]);
  });

  it('refuses a user cached as suspended', async () => {
    const userId = randomUUID();
    billing.users.put(tenantId, userId, { state: UserState.SUSPENDED });
    const call = () => billing.customers.subscribe({ tenantId, userId, ...free });
    await faultOf(call());
    billing.userService.down();
    billing.age(FORGETS_MS);
    expect(await faultOf(call())).toMatchObject({ reason: 'USER_NOT_ELIGIBLE' });
  });
});
