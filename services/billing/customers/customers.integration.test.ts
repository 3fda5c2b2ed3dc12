import { randomUUID } from 'node:crypto';
import { AttachedUserOutcome, UserState } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BillingUnderTest, type Sold, startBilling } from '../testing/start-billing.ts';

const tenantId = 'acme';
let billing: BillingUnderTest;
let free: Sold;

// Of its own for each test: what a client remembers of an outage would reach into the next.
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

// Longer than the client believes an answer, shorter than it falls back to one.
const FORGETS_MS = 60_000;

describe('GetCustomerWithProfile', () => {
  it('shows who the customer is, with address and number', async () => {
    const id = await newCustomer();
    expect(await withProfile(id)).toMatchObject({
      customer: { id },
      user: {
        ...{ id, outcome: AttachedUserOutcome.FOUND, stale: false },
        user: { displayName: 'Ana', email: `${id}@example.com`, phone: '+351 1' },
      },
    });
  });

  it('answers while the user service is away: whom it saw as they were, and of others that it cannot tell', async () => {
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

  it('shows who was deleted, and refuses whoever never subscribed', async () => {
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
  it('pages through a tenant, newest first, each with its user', async () => {
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

describe('without keys for Stripe', () => {
  it('what needs it is refused, names the variable and leaves nothing behind; all else works', async () => {
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
  it('takes whom it saw as active, and refuses whom it never saw as not known now', async () => {
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

  it('refuses whom it saw as suspended', async () => {
    const userId = randomUUID();
    billing.users.put(tenantId, userId, { state: UserState.SUSPENDED });
    const call = () => billing.customers.subscribe({ tenantId, userId, ...free });
    await faultOf(call());
    billing.userService.down();
    billing.age(FORGETS_MS);
    expect(await faultOf(call())).toMatchObject({ reason: 'USER_NOT_ELIGIBLE' });
  });
});
