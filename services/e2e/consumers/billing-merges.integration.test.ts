import { randomUUID } from 'node:crypto';
import { PlanInterval, SubscriptionState } from '@rollcall/contract/billing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBillingWithUsers } from '../testing/billing-users.ts';

type Billing = Awaited<ReturnType<typeof startBillingWithUsers>>;

let billing: Billing;
let tenantId: string;
let free: { planId: string; areaId: string };

beforeAll(async () => {
  billing = await startBillingWithUsers();
  tenantId = billing.tenantId;
  const area = { code: 'euroland', title: 'Euroland', currencyCode: 'EUR' };
  const areaId = (await billing.plans.createArea({ tenantId, area })).area?.id ?? '';
  const prices = [{ areaId, amount: { currencyCode: 'EUR', minorUnits: 0n } }];
  const plan = { code: 'free', title: 'Free', interval: PlanInterval.MONTH, prices };
  free = { areaId, planId: (await billing.plans.createPlan({ tenantId, plan })).plan?.id ?? '' };
});

afterAll(() => billing[Symbol.asyncDispose]());

const newId = async () => (await billing.newUser()).id;
const subscribe = (userId: string) => billing.customers.subscribe({ tenantId, userId, ...free });
const customerOf = async (id: string) => (await billing.customers.getCustomer({ tenantId, id })).customer;
const idOf = (id: string) =>
  customerOf(id).then(
    (customer) => customer?.id,
    () => 'nobody',
  );

async function pay(userId: string, captured: number): Promise<void> {
  await billing.sql(
    `insert into payments (id, stripe_payment_intent_id, tenant_id, user_id, state, currency, amount, captured,
       create_time, update_time)
     values (gen_random_uuid(), gen_random_uuid()::text, $1, $2, 'SUCCEEDED', 'EUR', $3, $3, now(), now())`,
    [tenantId, userId, captured],
  );
}

async function issue(userId: string): Promise<void> {
  const lines = [{ description: 'Room', amount: { currencyCode: 'EUR', minorUnits: 1n } }];
  await billing.invoices.issueInvoice({ tenantId, requestId: randomUUID(), userId, lines });
}

const merge = (survivorId: string, loserId: string) =>
  billing.admin.mergeUsers({ tenantId, plan: { survivorId, loserId } });

// The feed is followed from a few seconds after a tenant has its first row.
const heard = { timeout: 15_000, interval: 100 };

it('two customers whose users are merged stay two rows; the survivor’s is answered, and lists hold what both have', async () => {
  const [survivor, loser] = [await newId(), await newId()];
  for (const [id, amount] of [
    [survivor, 100],
    [loser, 20],
  ] as const) {
    await subscribe(id);
    await pay(id, amount);
    await issue(id);
  }
  const { mergeId } = await merge(survivor, loser);
  await expect.poll(() => idOf(loser), heard).toBe(survivor);
  expect(await idOf(survivor)).toBe(survivor);
  const historyOf = async (userId: string) => {
    const { payments } = await billing.payments.listPayments({ tenantId, userId });
    const { invoices } = await billing.invoices.listInvoices({ tenantId, userId });
    return [payments.map((each) => each.userId).sort(), invoices.map((each) => each.userId).sort()];
  };
  const both = [survivor, loser].sort();
  expect(await historyOf(survivor)).toEqual([both, both]);
  expect(await historyOf(loser)).toEqual([both, both]);
  const { customers } = await billing.customers.listCustomers({ tenantId });
  const shown = customers.filter(({ customer }) => both.includes(customer?.id ?? ''));
  expect(shown.map(({ user }) => user?.user?.id)).toEqual([survivor, survivor]);

  // What either has counts, and each can be ended by its own id.
  await expect(subscribe(loser)).rejects.toThrow('is not over');
  await billing.customers.cancelSubscription({ tenantId, id: survivor });
  await expect(subscribe(survivor)).rejects.toThrow('is not over');
  const { customer } = await billing.customers.cancelSubscription({ tenantId, id: loser });
  expect(customer).toMatchObject({ id: loser, subscription: { state: SubscriptionState.CANCELED } });
  expect((await subscribe(loser)).customer?.id).toBe(survivor);

  await billing.admin.unmergeUsers({ tenantId, mergeId });
  await expect.poll(() => idOf(loser), heard).toBe(loser);
  expect(await historyOf(survivor)).toEqual([[survivor], [survivor]]);
  expect(await historyOf(loser)).toEqual([[loser], [loser]]);
});

it('a customer is found by every id of its user, also where the survivor never subscribed', async () => {
  const [survivor, loser, third] = [await newId(), await newId(), await newId()];
  await subscribe(loser);
  await merge(survivor, loser);
  await expect.poll(() => idOf(survivor), heard).toBe(loser);
  expect(await idOf(loser)).toBe(loser);
  expect(await idOf(third)).toBe('nobody');
});

it('what was paid is told the owner, who adds up those of the ids that are one user', async () => {
  const [survivor, loser] = [await newId(), await newId()];
  for (const [id, amount] of [
    [survivor, 100],
    [loser, 20],
  ] as const) {
    await pay(id, amount);
    await billing.sql('select outbox.add_jobs($1::json)', [JSON.stringify([statisticsOfUser(id)])]);
  }
  await expect.poll(() => spentOf(survivor), heard).toEqual(['EUR 100']);
  await expect.poll(() => spentOf(loser), heard).toEqual(['EUR 20']);
  await merge(survivor, loser);
  await expect.poll(() => spentOf(survivor), heard).toEqual(['EUR 120']);
});

const statisticsOfUser = (userId: string) => ({
  task: 'user.statistics',
  payload: { tenantId, userId },
  key: null,
  run_at: null,
  max_attempts: 3,
});

async function spentOf(id: string): Promise<string[]> {
  const user = await billing.readUser(id);
  const spent = user?.profile?.statistics?.totalSpent ?? [];
  return spent.map(({ currencyCode, minorUnits }) => `${currencyCode} ${minorUnits}`);
}
