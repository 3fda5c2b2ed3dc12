import { expect, it } from 'vitest';
import { permutations } from '../../testing/permutations.ts';
import { refundedAndDisputed, refundedByCharge, type StoryEvent } from '../../testing/stripe-story.ts';
import { FINAL_ROWS, openTestLedger, type TestLedger } from '../../testing/test-ledger.ts';

const EXPECTED = {
  state: 'PARTIALLY_REFUNDED',
  currency: 'EUR',
  amount: 1999,
  captured: 1999,
  refunded: 499,
  unseen_refunds: 0,
  dispute_state: 'LOST',
  failure_code: null,
  refunds: [expect.objectContaining({ state: 'SUCCEEDED', amount: 499, held: false })],
  disputes: [expect.objectContaining({ state: 'LOST', amount: 1999, withdrawn: 1999 })],
};

// Each order is a payment of its own. All payments take their first event, then their second, and so on, so
// that every event of every order is applied alone, after the earlier ones.
function ordersOf(stepS: number): StoryEvent[][] {
  const places = [...permutations([0, 1, 2, 3, 4, 5, 6])];
  return places.map((order, index) => {
    const events = refundedAndDisputed({ name: String(index), stepS });
    return order.map((place) => events[place] as StoryEvent);
  });
}

async function expectOneFinalState(ledger: TestLedger): Promise<void> {
  const finals = await ledger.rows<{ final: object; count: number }>(
    `select final, count(*)::int as count from (${FINAL_ROWS}) as each group by final`,
  );
  expect(finals).toEqual([{ final: expect.objectContaining(EXPECTED), count: 5040 }]);
  expect(await ledger.rows('select state, count(*)::int from stripe_events group by state')).toEqual([
    { state: 'applied', count: 7 * 5040 },
  ]);
}

it.each([
  ['a while apart', 10],
  ['all in one second', 0],
])(
  'has one final state for all 5040 orders of the events of a payment, %s',
  { timeout: 300_000 },
  async (_, stepS) => {
    await using ledger = await openTestLedger();
    const orders = ordersOf(stepS);
    for (let place = 0; place < 7; place += 1) {
      const events = orders.map((order) => order[place] as StoryEvent);
      await ledger.store(events);
      expect(await ledger.apply()).toMatchObject({ applied: 5040, failed: 0 });
    }
    await expectOneFinalState(ledger);
  },
);

it('has the same final state when each event comes again after the next one', {
  timeout: 300_000,
}, async () => {
  await using ledger = await openTestLedger();
  const orders = ordersOf(0);
  for (let place = 0; place < 7; place += 1) {
    const events = orders.flatMap((order) => order.slice(Math.max(0, place - 1), place + 1));
    await ledger.store(events);
    expect(await ledger.apply()).toMatchObject({ applied: 5040, failed: 0 });
  }
  await expectOneFinalState(ledger);
});

it('refund-by-charge: has one final state for all 720 orders of a refund that a charge reports too', async () => {
  await using ledger = await openTestLedger();
  const orders = [...permutations([0, 1, 2, 3, 4, 5])].map((order, index) => {
    const events = refundedByCharge({ name: String(index), stepS: index % 2 });
    return order.map((place) => events[place] as StoryEvent);
  });
  for (let place = 0; place < 6; place += 1) {
    await ledger.store(orders.flatMap((order) => order.slice(Math.max(0, place - 1), place + 1)));
    expect(await ledger.apply()).toMatchObject({ applied: 720, failed: 0 });
  }
  const finals = await ledger.rows(
    `select final, count(*)::int as count from (${FINAL_ROWS}) as each group by final`,
  );
  const expected = { state: 'PARTIALLY_REFUNDED', captured: 1999, refunded: 499, unseen_refunds: 0 };
  expect(finals).toEqual([{ final: expect.objectContaining(expected), count: 720 }]);
});
