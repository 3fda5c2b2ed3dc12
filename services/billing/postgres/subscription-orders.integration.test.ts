import { randomUUID } from 'node:crypto';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type SubscriptionOrder,
  type SubscriptionState,
  type SubscriptionUpdate,
  WITHOUT_END,
} from '../customers/customer.ts';
import { beginOrder, cancelOrder, completeOrder, dropOrder } from './subscription-orders.ts';

const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-02-01T00:00:00Z');
const TENANTS = ['acme', 'elsewhere'];
const stack = new AsyncDisposableStack();
const sold = { planId: randomUUID(), areaId: randomUUID() };
let pool: Pool;
let order: SubscriptionOrder;

beforeAll(async () => {
  const { url } = stack.use(await createTestDatabase('billing'));
  const logger = createLogger({ service: 'billing', level: 'silent' });
  const config = { url: new Secret(url), maxConnections: 2, statementTimeoutMs: 5000, logger };
  pool = stack.adopt(createPool(config), (each) => each.end());
  for (const tenantId of TENANTS) {
    await pool.query(
      `insert into areas (tenant_id, id, code, title, country_codes, currency, tax_basis_points, create_time, update_time)
       values ($1, $2, 'de', 'Germany', '{DE}', 'EUR', 1900, now(), now())`,
      [tenantId, sold.areaId],
    );
    await pool.query(
      `insert into plans (tenant_id, id, code, title, interval, create_time, update_time)
       values ($1, $2, 'pro', 'Pro', 'MONTH', now(), now())`,
      [tenantId, sold.planId],
    );
  }
});

afterAll(() => stack.disposeAsync());

beforeEach(async () => {
  order = newOrder();
  // Ids are unique within a tenant: the other tenant has an equal customer and subscription.
  for (const tenantId of TENANTS) await beginOrder(pool, { ...order, tenantId }, undefined);
});

function newOrder(
  init: Partial<SubscriptionOrder> & {
    state?: SubscriptionState;
    createTime?: Date;
  } = {},
) {
  const { state = 'INCOMPLETE', createTime = EARLY, ...rest } = init;
  const stripe = {
    stripeSubscriptionId: null,
    currentPeriodEnd: null,
    ...WITHOUT_END,
  };
  return {
    ...{ tenantId: 'acme', customerId: randomUUID(), stripePriceId: 'price_900' },
    ...{ paymentMethodId: '', stripeCustomerId: null },
    subscription: { id: randomUUID(), ...sold, state, ...stripe, createTime, updateTime: createTime },
    ...rest,
  };
}

const updateOf = (state: SubscriptionState, stripeSubscriptionId: string | null): SubscriptionUpdate => {
  return { state, stripeSubscriptionId, currentPeriodEnd: null, cancelAtPeriodEnd: false };
};
const newStripeId = (kind: string) => `${kind}_${randomUUID()}`;
const refOf = ({ tenantId, subscription }: SubscriptionOrder) => ({
  tenantId,
  subscriptionId: subscription.id,
});

/** One word for the subscription in each tenant. */
async function subscriptions() {
  const { rows } = await pool.query(
    `select tenant_id, state, stripe_subscription_id as stripe from subscriptions where id = $1 order by tenant_id`,
    [order.subscription.id],
  );
  return rows.map(({ tenant_id, state, stripe }) => `${tenant_id} ${state} ${stripe}`);
}

async function customers() {
  const { rows } = await pool.query(
    `select tenant_id, stripe_customer_id, update_time from customers where id = $1 order by tenant_id`,
    [order.customerId],
  );
  return rows;
}

const BEGUN = ['acme INCOMPLETE null', 'elsewhere INCOMPLETE null'];

describe('T1: an unfinished subscription', () => {
  it('is completed once, and no other one with its id', async () => {
    const id = newStripeId('sub');
    expect(await completeOrder(pool, refOf(order), updateOf('ACTIVE', id))).toBe(true);
    expect(await subscriptions()).toEqual([`acme ACTIVE ${id}`, BEGUN[1]]);
  });

  it('is not completed again while Stripe still calls it incomplete', async () => {
    const id = newStripeId('sub');
    await completeOrder(pool, refOf(order), updateOf('INCOMPLETE', id));
    expect(await completeOrder(pool, refOf(order), updateOf('ACTIVE', newStripeId('sub')))).toBe(false);
    expect(await subscriptions()).toEqual([`acme INCOMPLETE ${id}`, BEGUN[1]]);
  });

  it('is not completed after it expired without an id of Stripe', async () => {
    await completeOrder(pool, refOf(order), updateOf('INCOMPLETE_EXPIRED', null));
    expect(await completeOrder(pool, refOf(order), updateOf('ACTIVE', newStripeId('sub')))).toBe(false);
    expect(await subscriptions()).toEqual(['acme INCOMPLETE_EXPIRED null', BEGUN[1]]);
  });

  it('is dropped with its customer, and no other one with its id', async () => {
    await dropOrder(pool, refOf(order));
    expect(await subscriptions()).toEqual([BEGUN[1]]);
    expect(await customers()).toMatchObject([{ tenant_id: 'elsewhere' }]);
  });

  it('is dropped alone when its customer has another one', async () => {
    await completeOrder(pool, refOf(order), updateOf('INCOMPLETE_EXPIRED', null));
    const next = newOrder({ customerId: order.customerId });
    await beginOrder(pool, next, undefined);
    await dropOrder(pool, refOf(next));
    expect(await subscriptions()).toEqual(['acme INCOMPLETE_EXPIRED null', BEGUN[1]]);
    expect(await customers()).toHaveLength(2);
  });

  it.each<[string, SubscriptionState, boolean]>([
    ['Stripe has it', 'INCOMPLETE', true],
    ['it expired', 'INCOMPLETE_EXPIRED', false],
  ])('is not dropped once %s', async (_, state, isAtStripe) => {
    const id = isAtStripe ? newStripeId('sub') : null;
    await completeOrder(pool, refOf(order), updateOf(state, id));
    await dropOrder(pool, refOf(order));
    expect(await subscriptions()).toEqual([`acme ${state} ${id}`, BEGUN[1]]);
  });
});

describe('portal-cancel: when a subscription ended', () => {
  const endTime = async () => {
    const { rows } = await pool.query(
      `select end_time from subscriptions where id = $1 and tenant_id = 'acme'`,
      [order.subscription.id],
    );
    return rows[0]?.end_time as Date | null;
  };

  it.each<SubscriptionState>(['CANCELED', 'INCOMPLETE_EXPIRED'])(
    'portal-cancel: is known of one that is %s, by a call or an event',
    async (over) => {
      const before = Date.now();
      await completeOrder(pool, refOf(order), updateOf(over, null));
      const ended = await endTime();
      expect(ended?.getTime()).toBeGreaterThanOrEqual(before);
      expect(ended?.getTime()).toBeLessThanOrEqual(Date.now());
    },
  );

  it('portal-cancel: is unknown while it continues', async () => {
    await completeOrder(pool, refOf(order), updateOf('ACTIVE', newStripeId('sub')));
    expect(await endTime()).toBeNull();
  });
});

describe('T1: the end of a subscription', () => {
  const end = (state: SubscriptionState, stripeSubscriptionId: string | null = null) =>
    cancelOrder(pool, {
      ...{ tenantId: order.tenantId, customerId: order.customerId },
      ended: { subscriptionId: order.subscription.id, update: updateOf(state, stripeSubscriptionId) },
    });

  it('is stored once, and for no other one with its id', async () => {
    await end('CANCELED');
    expect(await subscriptions()).toEqual(['acme CANCELED null', BEGUN[1]]);
  });

  it.each<SubscriptionState>(['CANCELED', 'INCOMPLETE_EXPIRED'])(
    'does not change one that is %s',
    async (over) => {
      const id = newStripeId('sub');
      await completeOrder(pool, refOf(order), updateOf(over, id));
      for (const state of ['ACTIVE', 'CANCELED', 'INCOMPLETE_EXPIRED'] as const)
        await end(state, newStripeId('sub'));
      expect(await subscriptions()).toEqual([`acme ${over} ${id}`, BEGUN[1]]);
    },
  );
});

describe('T1: the customer of a new subscription', () => {
  beforeEach(() => completeOrder(pool, refOf(order), updateOf('CANCELED', null)));

  const begin = (stripeCustomerId: string | null, createTime = LATE) =>
    beginOrder(pool, newOrder({ customerId: order.customerId, stripeCustomerId, createTime }), undefined);

  it('gets its missing Stripe id, in its tenant only', async () => {
    const id = newStripeId('cus');
    expect(await begin(id)).toMatchObject({ stripeCustomerId: id });
    expect(await customers()).toMatchObject([{ stripe_customer_id: id }, { stripe_customer_id: null }]);
  });

  it.each([['another'], [null]])('keeps its Stripe id when the order has %s', async (other) => {
    const id = newStripeId('cus');
    await pool.query(`update customers set stripe_customer_id = $2 where tenant_id = 'acme' and id = $1`, [
      ...[order.customerId, id],
    ]);
    expect(await begin(other && newStripeId('cus'))).toMatchObject({ stripeCustomerId: id });
    expect(await customers()).toMatchObject([{ stripe_customer_id: id }, { stripe_customer_id: null }]);
  });

  it('never gets an earlier time of update', async () => {
    await begin(null);
    expect((await customers())[0].update_time).toEqual(LATE);
    await pool.query(`update subscriptions set state = 'CANCELED' where customer_id = $1`, [
      order.customerId,
    ]);
    await begin(null, EARLY);
    expect((await customers())[0].update_time).toEqual(LATE);
  });
});
