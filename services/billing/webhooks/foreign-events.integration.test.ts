import { Secret } from '@rollcall/runtime';
import { startServers } from '@rollcall/runtime/rpc';
import { TEST_SERVER_OPTIONS } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerScope } from '../ledger/origin.ts';
import { runReplay } from '../stripe-cli/replay-command.ts';
import { refundedAndDisputed, type StoryEvent, signatureOf, storyEvents } from '../testing/stripe-story.ts';
import { openTestLedger, type TestLedger } from '../testing/test-ledger.ts';
import { openWebhooks } from './open-webhooks.ts';

const SECRET = 'whsec_1';
const OURS = 'acct_ours';

const stack = new AsyncDisposableStack();
let ledger: TestLedger;

beforeAll(async () => {
  ledger = stack.use(await openTestLedger());
});

afterAll(() => stack.disposeAsync());

async function open(scope?: LedgerScope) {
  const { pool, logger } = ledger;
  await using opened = new AsyncDisposableStack();
  const options = { pool, logger, secrets: [new Secret(SECRET)], toleranceS: 300 };
  const webhooks = opened.use(openWebhooks({ ...options, ...(scope && { scope }) }));
  const servers = opened.use(
    await startServers({
      ...TEST_SERVER_OPTIONS,
      routes: () => [],
      readMetrics: () => webhooks.readings(),
      postRoutes: webhooks.postRoutes,
    }),
  );
  const url = `http://127.0.0.1:${servers.http.port}`;
  const closers = opened.move();
  return {
    deliver: async (event: object) => {
      const body = JSON.stringify(event);
      const headers = { 'stripe-signature': signatureOf(body, SECRET) };
      const answer = await fetch(`${url}/webhooks/stripe`, { method: 'POST', body, headers });
      return { status: answer.status, ...((await answer.json()) as { state?: string; reason?: string }) };
    },
    metrics: async () => await (await fetch(`${url}/metrics`)).text(),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

let stories = 0;
function paid(of: { livemode?: unknown; account?: unknown; context?: unknown } = {}) {
  stories += 1;
  const factory = storyEvents({ name: `f${stories}` });
  const event = factory.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: 1999 });
  return { intent: factory.intentId, event: { ...event, ...of } };
}

const paymentsOf = (intent: string) =>
  ledger.rows('select state, livemode, stripe_account from payments where stripe_payment_intent_id = $1', [
    intent,
  ]);
const stored = (id: string) =>
  ledger.rows(
    'select state, livemode, account, last_error, next_attempt_time from stripe_events where id = $1',
    [id],
  );
const applied = (id: string) =>
  expect.poll(async () => (await stored(id))[0]).toMatchObject({ state: 'applied' });

describe('B9: an event', () => {
  it.each<[string, LedgerScope | undefined, object]>([
    ['of live mode, where nothing is set', undefined, { livemode: true }],
    ['of test mode, in a ledger of live mode', { livemode: true, account: undefined }, { livemode: false }],
    [
      'without a mode, in a ledger of live mode',
      { livemode: true, account: undefined },
      { livemode: undefined },
    ],
    [
      'whose mode is text, in a ledger of live mode',
      { livemode: true, account: undefined },
      { livemode: 'true' },
    ],
    ['of a connected account, where nothing is set', undefined, { account: 'acct_other' }],
    ['of another account', { livemode: false, account: OURS }, { account: 'acct_other' }],
    ['of another account in its context', { livemode: false, account: OURS }, { context: 'acct_other' }],
    [
      'of another account of an organization',
      { livemode: false, account: OURS },
      { context: 'org_1/acct_other' },
    ],
    [
      'of our account in the other mode',
      { livemode: false, account: OURS },
      { livemode: true, account: OURS },
    ],
  ])('%s is answered 200, stored, counted and never applied', async (_, scope, of) => {
    await using billing = await open(scope);
    const { intent, event } = paid(of);
    expect(await billing.deliver(event)).toEqual({ status: 200, received: true, state: 'foreign' });
    // A later event is applied, so that the earlier one was checked by then.
    const later = paid({ livemode: scope?.livemode ?? false });
    expect(await billing.deliver(later.event)).toMatchObject({ status: 200, state: 'received' });
    await applied(later.event.id);
    expect(await paymentsOf(intent)).toEqual([]);
    expect(await stored(event.id)).toMatchObject([
      {
        state: 'foreign',
        next_attempt_time: null,
        last_error: expect.stringMatching(/^OTHER_(MODE|ACCOUNT): /),
      },
    ]);
    expect(await billing.metrics()).toMatch(
      /deliveries_total\{outcome="other_(mode|account)",service="test"\} 1/,
    );
    expect(await billing.deliver(event)).toMatchObject({ status: 200 });
    expect(await paymentsOf(intent)).toEqual([]);
  });

  it.each<[string, LedgerScope | undefined, object, object]>([
    ['without an account, in test mode', undefined, {}, { livemode: false, stripe_account: null }],
    [
      'of live mode',
      { livemode: true, account: undefined },
      { livemode: true },
      { livemode: true, stripe_account: null },
    ],
    [
      'of our account',
      { livemode: false, account: OURS },
      { account: OURS },
      { livemode: false, stripe_account: OURS },
    ],
    [
      'of our account in its context',
      { livemode: true, account: OURS },
      { livemode: true, context: OURS },
      { livemode: true, stripe_account: OURS },
    ],
    [
      'of our account in the context of an organization',
      { livemode: false, account: OURS },
      { account: OURS, context: 'org_1' },
      { livemode: false, stripe_account: OURS },
    ],
    [
      'without an account, when one is set',
      { livemode: false, account: OURS },
      { account: null, context: '' },
      { livemode: false, stripe_account: null },
    ],
  ])('%s becomes a payment with that mode and account', async (_, scope, of, shown) => {
    await using billing = await open(scope);
    const { intent, event } = paid(of);
    expect(await billing.deliver(event)).toMatchObject({ status: 200, state: 'received' });
    await applied(event.id);
    expect(await paymentsOf(intent)).toEqual([{ state: 'SUCCEEDED', ...shown }]);
  });

  it('of each kind is checked', async () => {
    await using billing = await open();
    const events = refundedAndDisputed({ name: 'gate' });
    const kinds = ['customer', 'subscription', 'invoice'].map((object) => ({
      ...paid().event,
      id: `evt_gate_${object}`,
      type: object === 'subscription' ? 'customer.subscription.updated' : `${object}.updated`,
      data: { object: { id: `${object}_1`, object } },
    }));
    for (const event of [...events, ...kinds] as StoryEvent[])
      expect(await billing.deliver({ ...event, account: 'acct_other' })).toMatchObject({ status: 200 });
    const rows = await ledger.rows(`select distinct state from stripe_events where id like 'evt_gate%'`);
    expect(rows).toEqual([{ state: 'foreign' }]);
    expect(await ledger.rows(`select 1 from stripe_objects where account = 'acct_other'`)).toEqual([]);
  });

  it('of an ignored type stays ignored, and is counted as of another account', async () => {
    await using billing = await open();
    const { event } = paid({ account: 'acct_other' });
    const other = { ...event, type: 'account.updated' };
    expect(await billing.deliver(other)).toMatchObject({ status: 200, state: 'ignored' });
    expect(await billing.metrics()).toContain('outcome="other_account"');
  });

  it.each<[string, LedgerScope | undefined, object, string]>([
    ['whose mode is text, in a ledger of test mode', undefined, { livemode: 'true' }, 'MODE_UNKNOWN'],
    ['whose mode is a number, in a ledger of test mode', undefined, { livemode: 1 }, 'MODE_UNKNOWN'],
    [
      'of our account in the context of another',
      { livemode: false, account: OURS },
      { account: OURS, context: 'org_1/acct_other' },
      'ACCOUNT_AMBIGUOUS',
    ],
  ])('%s is answered 200, stored and waits for an operator', async (_, scope, of, reason) => {
    await using billing = await open(scope);
    const { intent, event } = paid(of);
    expect(await billing.deliver(event)).toEqual({ status: 200, received: true, state: 'failed' });
    const later = paid();
    await billing.deliver(later.event);
    await applied(later.event.id);
    expect(await paymentsOf(intent)).toEqual([]);
    expect(await stored(event.id)).toMatchObject([
      { state: 'failed', next_attempt_time: null, last_error: expect.stringContaining(reason) },
    ]);
  });

  it('whose account is not a text waits for an operator, and is not applied', async () => {
    await using billing = await open();
    for (const of of [{ account: 7 }, { account: ['acct_1'] }, { context: { account: 'acct_1' } }]) {
      const { event } = paid(of);
      expect(await billing.deliver(event)).toMatchObject({ status: 200 });
      expect(await stored(event.id)).toMatchObject([
        {
          state: 'failed',
          next_attempt_time: null,
          last_error: expect.stringContaining('ENVELOPE_UNKNOWN'),
        },
      ]);
    }
  });

  it('that was received under other settings, or before there were any, is checked again when it is applied', async () => {
    const ours = paid();
    const other = paid({ livemode: true });
    await ledger.store([ours.event, other.event]);
    await using _ = await open();
    await applied(ours.event.id);
    await expect.poll(async () => (await stored(other.event.id))[0]).toMatchObject({ state: 'foreign' });
    expect(await paymentsOf(other.intent)).toEqual([]);
  });

  it('is applied after the setting was corrected, by a command or another delivery', async () => {
    const [one, other] = [paid({ livemode: true }), paid({ livemode: true })];
    {
      await using wrong = await open();
      for (const { event } of [one, other]) await wrong.deliver(event);
      await runReplay({ ids: [one.event.id] }, ledger.pool, { write: () => {} });
      await expect.poll(async () => (await stored(one.event.id))[0]).toMatchObject({ state: 'foreign' });
    }
    await using right = await open({ livemode: true, account: undefined });
    expect(await right.deliver(one.event)).toMatchObject({ status: 200, state: 'received' });
    await applied(one.event.id);
    const lines: string[] = [];
    await runReplay('foreign', ledger.pool, { write: (text) => void lines.push(text) });
    expect(lines).toContain(`${other.event.id} ${other.event.type} is put back\n`);
    await applied(other.event.id);
    for (const { intent } of [one, other])
      expect(await paymentsOf(intent)).toEqual([
        { state: 'SUCCEEDED', livemode: true, stripe_account: null },
      ]);
  });

  it('of another account does not change a payment with the same id', async () => {
    await using billing = await open({ livemode: false, account: OURS });
    const { intent, event } = paid({ account: OURS });
    await billing.deliver(event);
    await applied(event.id);
    const refunded = structuredClone(event) as StoryEvent & {
      data: { object: Record<string, unknown> };
    };
    const canceled = {
      ...refunded,
      id: 'evt_same_id',
      account: 'acct_other',
      type: 'payment_intent.canceled',
    };
    expect(await billing.deliver(canceled)).toMatchObject({ state: 'foreign' });
    expect(await paymentsOf(intent)).toMatchObject([{ state: 'SUCCEEDED', stripe_account: OURS }]);
  });
});

it('B8: an event that was delayed before the clock was set back is applied', async () => {
  const { event } = paid();
  await ledger.store([event]);
  await ledger.rows(`update stripe_events set next_attempt_time = now() + interval '1 day' where id = $1`, [
    event.id,
  ]);
  await using _ = await open();
  await applied(event.id);
});

it('warns only about the first event of an account', async () => {
  await using billing = await open();
  const before = ledger.log.length;
  const events = [1, 2, 3].map(() => paid({ account: 'acct_often' }).event);
  for (const event of events) await billing.deliver(event);
  const entries = ledger.log.slice(before).filter(({ account }) => account === 'acct_often');
  expect(entries.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug']);
});
