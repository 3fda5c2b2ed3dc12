import { expect, it } from 'vitest';
import { refundedAndDisputed, type StoryEvent } from '../../testing/stripe-story.ts';
import { FINAL_ROWS, openTestLedger } from '../../testing/test-ledger.ts';
import { storeEvents } from '../postgres/event-rows.ts';
import { readWebhookEvent } from '../receive/webhook-event.ts';
import { startApplier } from './applier.ts';

const PAYMENTS = 1500;

/** Equal numbers on every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(things: readonly T[], random: () => number): T[] {
  return things
    .map((thing) => ({ thing, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ thing }) => thing);
}

it('applies each event once with workers of two processes while more arrive', {
  timeout: 120_000,
}, async () => {
  await using ledger = await openTestLedger();
  const { pool, logger } = ledger;
  await ledger.rows('create table reported (intent text, captured bigint)');
  const onChanges: Parameters<typeof startApplier>[0]['onChanges'] = async (run, changes) => {
    const came = changes.filter(
      ({ current: now, previous: before }) => now.captured > (before?.captured ?? 0),
    );
    const text = 'insert into reported select * from unnest($1::text[], $2::bigint[])';
    await run({ name: 'count_changes', text }, [
      came.map(({ intent }) => intent),
      came.map(({ current: now }) => now.captured),
    ]);
  };
  const random = randomFrom(5);
  const events = Array.from({ length: PAYMENTS }, (_, index) =>
    refundedAndDisputed({ name: `w${index}`, stepS: index % 2 }),
  ).flat();
  const twice = events.filter(() => random() < 0.1);
  const deliveries = shuffled([...events, ...twice], random);
  const options = { pool, logger, onChanges, batchSize: 100, pollMs: 20 };
  await using _one = startApplier(options);
  await using _other = startApplier(options);
  const store = async (from: number) => {
    for (let at = from; at < deliveries.length; at += 200)
      await storeEvents(pool, deliveries.slice(at, at + 100).map(toEvent));
  };
  await Promise.all([store(0), store(100)]);
  const waiting = () =>
    ledger.rows('select 1 from stripe_events where next_attempt_time is not null limit 1');
  await expect.poll(waiting, { timeout: 60_000 }).toEqual([]);
  expect(await ledger.rows('select state, attempts, count(*)::int from stripe_events group by 1, 2')).toEqual(
    [{ state: 'applied', attempts: 1, count: 7 * PAYMENTS }],
  );
  const finals = await ledger.rows(`select final, count(*)::int from (${FINAL_ROWS}) as each group by final`);
  expect(finals).toEqual([
    {
      final: expect.objectContaining({ state: 'PARTIALLY_REFUNDED', refunded: 499, dispute_state: 'LOST' }),
      count: PAYMENTS,
    },
  ]);
  expect(
    await ledger.rows('select count(*)::int, count(distinct intent)::int as payments from reported'),
  ).toEqual([{ count: PAYMENTS, payments: PAYMENTS }]);
  expect(ledger.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

function toEvent(event: StoryEvent) {
  return readWebhookEvent(JSON.stringify(event));
}
