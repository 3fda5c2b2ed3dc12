import { randomUUID } from 'node:crypto';
import { UserState } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { startBillingWithUsers } from '../testing/billing-users.ts';

const LINES = [{ description: 'Room', amount: { currencyCode: 'EUR', minorUnits: 5000n } }];

it('an invoice says whom it was issued to, whatever the user is called afterwards, and after the user was erased', async () => {
  await using billing = await startBillingWithUsers();
  const { tenantId, admin } = billing;
  const user = await billing.newUser({
    ...{ firstName: 'Ana', lastName: 'Silva', email: 'ana@example.com', phone: '+351 1' },
    profile: { address: { lines: ['Rua 1'], postalCode: '1000-001', locality: 'Lisboa', regionCode: 'PT' } },
  });
  const issue = () =>
    billing.invoices.issueInvoice({ tenantId, requestId: randomUUID(), userId: user.id, lines: LINES });
  const { invoice: first } = await issue();
  expect(first?.profile).toMatchObject({
    ...{ displayName: 'Ana Silva', email: 'ana@example.com', phone: '+351 1', userVersion: 1n },
    addressLines: ['Rua 1', '1000-001 Lisboa', 'PT'],
  });

  const renamed = { id: user.id, lastName: 'Souza', email: 'souza@example.com' };
  await admin.updateUser({ tenantId, user: renamed, updateMask: { paths: ['last_name', 'email'] } });
  // No time for the change feed: the owner is asked.
  const { invoice: second } = await issue();
  expect(second?.profile).toMatchObject({ displayName: 'Ana Souza', email: 'souza@example.com' });

  await admin.eraseUser({ tenantId, id: user.id });
  await expect(issue()).rejects.toMatchObject({ rawMessage: expect.stringContaining('who is deleted') });
  const { invoices } = await billing.invoices.listInvoices({ tenantId, userId: user.id });
  expect(invoices).toEqual([second, first]);

  const suspended = await billing.newUser();
  const change = { id: suspended.id, state: UserState.SUSPENDED };
  await admin.updateUser({ tenantId, user: change, updateMask: { paths: ['state'] } });
  const refused = billing.invoices.issueInvoice({
    ...{ tenantId, requestId: randomUUID(), userId: suspended.id, lines: LINES },
  });
  await expect(refused).rejects.toMatchObject({ rawMessage: expect.stringContaining('who is suspended') });
});
