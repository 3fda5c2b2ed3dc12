import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BillingUnderTest, startBilling } from './testing/start-billing.ts';
import { STRIPE_TEST_KEY, type StripeServer, startStripeServer } from './testing/stripe-server.ts';

const tenantId = 'acme';
let stripe: StripeServer;
let billing: BillingUnderTest;

beforeAll(async () => {
  stripe = await startStripeServer();
  billing = await startBilling({ STRIPE_API_KEY: STRIPE_TEST_KEY, STRIPE_API_BASE: stripe.url.href });
});

afterAll(async () => {
  await billing[Symbol.asyncDispose]();
  await stripe[Symbol.asyncDispose]();
});

// Invoices keep the contact data by law: the one exception.
const FROZEN = 'invoices.profile';

describe('billing’s database', () => {
  it('has no column for contact data of a user, except the frozen profile', async () => {
    const columns = await billing.sql(
      `select table_name || '.' || column_name as column from information_schema.columns
       where table_schema = 'public' and table_name <> 'mikro_orm_migrations'`,
    );
    const personal = columns
      .map(({ column }) => String(column))
      .filter((column) => /\.(.*_)?(name|e?mail|phone|address|contact|profile|birth|image)/.test(column));
    expect(personal).toEqual([FROZEN]);
    // Otherwise the patterns above do not match the names of columns here.
    expect(columns.length).toBeGreaterThan(50);
  });

  it('holds no contact data after any call, except in the frozen profile', async () => {
    const userId = randomUUID();
    const who = { displayName: 'Qwxzy Vbnmk', email: 'qwxzy@vbnmk.example', phone: '+351 917 283 645' };
    billing.users.put(tenantId, userId, who);
    const paid = await billing.sell({ minorUnits: 900n, stripePriceId: 'price_900' });
    await billing.customers.subscribe({ tenantId, userId, ...paid });
    await billing.customers.getCustomerWithProfile({ tenantId, id: userId });
    const lines = [{ description: 'Room', amount: { currencyCode: 'EUR', minorUnits: 1n } }];
    await billing.invoices.issueInvoice({ tenantId, requestId: randomUUID(), userId, lines });
    const tables = await billing.sql(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as table from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const holding: string[] = [];
    for (const { table } of tables) {
      const rows = await billing.sql(`select t::text as row from ${table} t`);
      if (rows.some(({ row }) => /qwxzy|vbnmk|917 283/i.test(String(row)))) holding.push(String(table));
    }
    expect(holding).toEqual(['public.invoices']);
    const [profile] = await billing.sql(`select (to_jsonb(i) - 'profile')::text as rest from invoices i`);
    expect(profile?.rest).not.toMatch(/qwxzy|vbnmk|917 283/i);
  });
});
