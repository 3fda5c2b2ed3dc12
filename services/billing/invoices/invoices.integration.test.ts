import { randomUUID } from 'node:crypto';
import { Code } from '@connectrpc/connect';
import { InvoiceState } from '@rollcall/contract/billing';
import { UserState } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BillingUnderTest, startBilling } from '../testing/start-billing.ts';

const tenantId = 'acme';
let billing: BillingUnderTest;

beforeEach(async () => {
  billing = await startBilling();
});

afterEach(() => billing[Symbol.asyncDispose]());

function newUser(fields = {}): string {
  const id = randomUUID();
  billing.users.put(tenantId, id, {
    ...{ displayName: 'Ana Silva', email: `${id}@example.com`, phone: '+351 1', businessName: 'Ana Lda' },
    ...fields,
  });
  return id;
}

const euros = (minorUnits: bigint) => ({ currencyCode: 'EUR', minorUnits });

function issue(userId: string, { requestId = randomUUID(), minorUnits = 5000n, of = tenantId } = {}) {
  const lines = [{ description: 'Room 1', amount: euros(minorUnits) }];
  return billing.invoices.issueInvoice({ tenantId: of, requestId, userId, lines });
}

const numbersOf = async (of = tenantId) =>
  (await billing.sql('select year, number from invoices where tenant_id = $1 order by number', [of])).map(
    ({ number }) => number,
  );

describe('IssueInvoice', () => {
  it('stores the contact data of the user, and answers as GetInvoice does later', async () => {
    const [userId, bookingId] = [newUser({ profile: { address: ADDRESS } }), randomUUID()];
    const { invoice, replayed } = await billing.invoices.issueInvoice({
      ...{ tenantId, requestId: randomUUID(), userId: userId.toUpperCase() },
      lines: [
        { description: 'Room 1 – Zürich', amount: euros(9_007_199_254_740_993n), bookingId },
        { description: 'Discount', amount: euros(-993n) },
      ],
    });
    expect(replayed).toBe(false);
    expect(invoice).toMatchObject({
      ...{ tenantId, userId, state: InvoiceState.OPEN, paymentId: '', stripeInvoiceId: '' },
      number: `${new Date().getUTCFullYear()}-000001`,
      profile: {
        ...{ displayName: 'Ana Silva', businessName: 'Ana Lda', phone: '+351 1' },
        email: `${userId}@example.com`,
        addressLines: ['Rua 1', '1000-001 Lisboa', 'Lisboa', 'PT'],
        userVersion: 1n,
      },
      lines: [
        { description: 'Room 1 – Zürich', amount: euros(9_007_199_254_740_993n), bookingId },
        { description: 'Discount', amount: euros(-993n), bookingId: '' },
      ],
      total: euros(9_007_199_254_740_000n),
    });
    const read = await billing.invoices.getInvoice({ tenantId, id: invoice?.id.toUpperCase() ?? '' });
    expect(read.invoice).toEqual(invoice);
  });

  it('keeps its content when the user is renamed', async () => {
    const userId = newUser();
    const { invoice } = await issue(userId);
    billing.users.update(tenantId, userId, { displayName: 'Ana Souza', email: 'souza@example.com' });
    expect((await issue(userId)).invoice?.profile).toMatchObject({
      ...{ displayName: 'Ana Souza', email: 'souza@example.com', userVersion: 2n },
    });
    billing.users.delete(tenantId, userId);
    const { invoices } = await billing.invoices.listInvoices({ tenantId, userId });
    expect(invoices.map(({ profile }) => profile?.displayName)).toEqual(['Ana Souza', 'Ana Silva']);
    const read = await billing.invoices.getInvoice({ tenantId, id: invoice?.id ?? '' });
    expect(read.invoice).toEqual(invoice);
  });

  it('names the current user, also before the change feed has delivered the change', async () => {
    const userId = newUser();
    await issue(userId);
    await billing.customers.listCustomers({ tenantId });
    billing.userService.cutStreams();
    billing.users.update(tenantId, userId, { displayName: 'Ana Souza' });
    expect((await issue(userId)).invoice?.profile?.displayName).toBe('Ana Souza');
  });

  it('uses no cached user while the user service is away', async () => {
    const userId = newUser();
    await issue(userId);
    billing.userService.down();
    expect(await faultOf(issue(userId))).toMatchObject({
      ...{ code: 'Unavailable', reason: 'USER_UNKNOWN_NOW', retries: true },
    });
    expect(await numbersOf()).toEqual([1]);
  });

  it('distinguishes a refusing user service from a missing user', async () => {
    const userId = newUser();
    billing.userService.fail(Code.Unauthenticated);
    expect(await faultOf(issue(userId))).toMatchObject({ reason: 'USER_UNKNOWN_NOW' });
  });

  it.each<[string, UserState | undefined]>([
    ['missing', undefined],
    ['suspended', UserState.SUSPENDED],
    ['deleted', UserState.DELETED],
  ])('refuses a user who is %s, and uses no number', async (why, state) => {
    const userId = state === undefined ? randomUUID() : newUser({ state });
    expect(await faultOf(issue(userId))).toMatchObject({
      ...{ code: 'FailedPrecondition', reason: 'USER_NOT_ELIGIBLE', metadata: { why } },
    });
    expect((await issue(newUser())).invoice?.number).toMatch(/-000001$/);
  });

  it('refuses lines of two currencies, and a negative sum', async () => {
    const send = (amounts: { currencyCode: string; minorUnits: bigint }[]) =>
      billing.invoices.issueInvoice({
        ...{ tenantId, requestId: randomUUID(), userId: randomUUID() },
        lines: amounts.map((amount) => ({ description: 'Room', amount })),
      });
    const dollars = { currencyCode: 'USD', minorUnits: 1n };
    expect(await faultOf(send([euros(1n), dollars]))).toMatchObject({
      ...{ code: 'InvalidArgument', reason: 'LINES_INVALID', fields: ['lines[1].amount.currency_code'] },
    });
    expect(await faultOf(send([euros(-1n)]))).toMatchObject({ reason: 'LINES_INVALID', fields: ['lines'] });
    expect(await faultOf(send([]))).toMatchObject({ reason: 'FIELD_INVALID' });
  });
});

describe('numbers', () => {
  it('count up in each tenant without a gap, with concurrent calls and failures', async () => {
    const users = { acme: newUser(), other: newUser() };
    billing.users.put('other', users.other, { displayName: 'Bo' });
    const calls = Array.from({ length: 40 }, (_, n) => {
      if (n % 5 === 4) return issue(randomUUID());
      return n % 2 ? issue(users.acme) : issue(users.other, { of: 'other' });
    });
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(32);
    for (const of of ['acme', 'other']) {
      const numbers = await numbersOf(of);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    }
    const out = await billing.sql(
      `select 1 from invoices a join invoices b on a.tenant_id = b.tenant_id and a.number < b.number
       where a.issue_time > b.issue_time`,
    );
    expect(out).toEqual([]);
  });

  it('leave no gap when an issue fails after taking its number', async () => {
    await billing.sql(`alter table invoice_lines add constraint no_bad check (description <> 'Bad')`);
    const userId = newUser();
    const bad = billing.invoices.issueInvoice({
      ...{ tenantId, requestId: randomUUID(), userId },
      lines: [{ description: 'Bad', amount: euros(1n) }],
    });
    expect(await faultOf(bad)).toMatchObject({ reason: 'INTERNAL' });
    await issue(userId);
    expect(await numbersOf()).toEqual([1]);
  });
});

describe('a request id of IssueInvoice', () => {
  it('issues one invoice from twenty equal concurrent calls, and answers it again, whatever happened to the user', async () => {
    const [userId, requestId] = [newUser(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 20 }, () => issue(userId, { requestId })));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    billing.users.delete(tenantId, userId);
    const again = await issue(userId, { requestId });
    expect(again).toEqual({ ...answers[0], replayed: true });
    expect(await numbersOf()).toEqual([1]);
  });

  it('is refused for other content', async () => {
    const [userId, requestId] = [newUser(), randomUUID()];
    await issue(userId, { requestId });
    expect(await faultOf(issue(userId, { requestId, minorUnits: 1n }))).toMatchObject({
      ...{ code: 'InvalidArgument', reason: 'REQUEST_ID_REUSED' },
    });
  });
});

describe('VoidInvoice', () => {
  const void_ = (id = '') => billing.invoices.voidInvoice({ tenantId, id });

  it('voids an invoice, which keeps its number; a repeat changes nothing', async () => {
    const { invoice } = await issue(newUser());
    const { invoice: taken } = await void_(invoice?.id);
    expect(taken).toMatchObject({ number: invoice?.number, state: InvoiceState.VOID });
    expect((await void_(invoice?.id)).invoice).toEqual(taken);
    expect((await issue(newUser())).invoice?.number).toMatch(/-000002$/);
  });

  it('refuses a paid invoice and an unknown one', async () => {
    const { invoice } = await issue(newUser());
    await billing.sql(`update invoices set state = 'PAID' where id = $1`, [invoice?.id]);
    expect(await faultOf(void_(invoice?.id))).toMatchObject({
      ...{ code: 'FailedPrecondition', reason: 'INVOICE_SETTLED' },
    });
    expect(await faultOf(void_(randomUUID()))).toMatchObject({
      ...{ code: 'NotFound', reason: 'INVOICE_NOT_FOUND' },
    });
  });
});

it('lists invoices newest first, page by page, of a tenant or of one user', async () => {
  const [ana, bo] = [newUser(), newUser()];
  for (const userId of [ana, bo, ana]) await issue(userId);
  const first = await billing.invoices.listInvoices({ tenantId, pageSize: 2 });
  const { nextPageToken: pageToken } = first;
  const rest = await billing.invoices.listInvoices({ tenantId, pageSize: 2, pageToken });
  const shown = [...first.invoices, ...rest.invoices];
  expect(shown.map(({ number }) => number.slice(-1))).toEqual(['3', '2', '1']);
  expect(rest.nextPageToken).toBe('');
  const { invoices } = await billing.invoices.listInvoices({ tenantId, userId: ana.toUpperCase() });
  expect(invoices.map(({ userId }) => userId)).toEqual([ana, ana]);
  expect((await billing.invoices.listInvoices({ tenantId: 'elsewhere' })).invoices).toEqual([]);
});

const ADDRESS = {
  $typeName: 'rollcall.user.v1.Address' as const,
  lines: ['Rua 1'],
  locality: 'Lisboa',
  administrativeArea: 'Lisboa',
  postalCode: '1000-001',
  regionCode: 'PT',
};
