import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { startBilling } from '../testing/start-billing.ts';
import { signatureOf, storyEvents } from '../testing/stripe-story.ts';

const SECRET = 'whsec_1';

it('B9: ListPayments and GetPayment show the mode and the account, and no payments of other ones', async () => {
  await using billing = await startBilling({
    STRIPE_WEBHOOK_SECRETS: SECRET,
    BILLING_LIVEMODE: 'true',
    BILLING_STRIPE_ACCOUNT: 'acct_ours',
  });
  const tenantId = 'acme';
  const deliver = async (of: object) => {
    const metadata = { tenant_id: tenantId, user_id: randomUUID() };
    const factory = storyEvents({ name: `o${randomUUID().slice(0, 8)}` });
    const event = factory.intent('payment_intent.succeeded', {
      ...{ status: 'succeeded', amount_received: 1999, metadata },
    });
    const body = JSON.stringify({ ...event, ...of });
    const headers = { 'stripe-signature': signatureOf(body, SECRET) };
    const answer = await fetch(`${billing.httpUrl}/webhooks/stripe`, { method: 'POST', body, headers });
    expect(answer.status).toBe(200);
    return factory.intentId;
  };
  const foreign = [
    await deliver({ livemode: false }),
    await deliver({ livemode: true, account: 'acct_other' }),
    await deliver({ livemode: false, account: 'acct_ours' }),
  ];
  const own = await deliver({ livemode: true });
  const named = await deliver({ livemode: true, account: 'acct_ours' });
  const list = async () => (await billing.payments.listPayments({ tenantId })).payments;
  await expect.poll(async () => (await list()).length).toBe(2);
  const shown = new Map((await list()).map((each) => [each.stripePaymentIntentId, each]));
  expect(shown.get(own)).toMatchObject({ livemode: true, stripeAccount: '' });
  expect(shown.get(named)).toMatchObject({ livemode: true, stripeAccount: 'acct_ours' });
  for (const intent of foreign) expect(shown.has(intent)).toBe(false);
  const id = shown.get(named)?.id ?? '';
  expect((await billing.payments.getPayment({ tenantId, id })).payment).toMatchObject({
    livemode: true,
    stripeAccount: 'acct_ours',
  });

  // A payment from before the column, with an unknown mode.
  await billing.sql('update payments set livemode = null where id = $1', [id]);
  const { payment } = await billing.payments.getPayment({ tenantId, id });
  expect(payment?.livemode).toBeUndefined();
});
