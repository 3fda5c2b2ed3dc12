import type { Pool } from '@rollcall/runtime/postgres';
import type pg from 'pg';
import { expect, it } from 'vitest';
import { refundedAndDisputed, type StoryEvent } from '../../testing/stripe-story.ts';
import { FINAL_ROWS, openTestLedger, type TestLedger } from '../../testing/test-ledger.ts';
import { applyDue } from './applier.ts';
import type { OnChanges } from './payment-change.ts';

/** A pool whose connections break after this number of statements. */
function breakingAfter(
  pool: Pool,
  statements: number,
): { readonly pool: Pool; readonly broke: () => boolean } {
  let answered = 0;
  const breaking = (client: pg.PoolClient) => ({
    query: async (query: pg.QueryConfig) => {
      const result = await client.query(query);
      answered += 1;
      if (answered === statements) socketOf(client).destroy();
      return result;
    },
    release: (error?: boolean) => client.release(error || answered >= statements),
  });
  const connect = async () => breaking(await pool.connect());
  return { pool: { connect } as unknown as Pool, broke: () => answered >= statements };
}

function socketOf(client: pg.PoolClient): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

// Writes the reported changes into a table, where they can be counted.
const countChanges: OnChanges = async (run, changes) => {
  const statement = { name: 'countChanges', text: 'insert into reported (intent, state) values ($1, $2)' };
  for (const { intent, current: now } of changes) await run(statement, [intent, JSON.stringify(now)]);
};

/**
 * Applies events with a worker that dies after some statements, then with another one. Returns whether the
 * first one died.
 */
async function workWithCrash(ledger: TestLedger, statements: number): Promise<boolean> {
  const { logger } = ledger;
  const { pool, broke } = breakingAfter(ledger.pool, statements);
  await applyDue({ pool, logger, onChanges: countChanges }).catch((error: Error) => {
    expect(error.message).toMatch(/terminated|not queryable|connection error/i);
  });
  // The database releases the locks of the dead worker once it has noticed.
  const waiting = async () => {
    await applyDue({ pool: ledger.pool, logger, onChanges: countChanges });
    return await ledger.rows('select 1 from stripe_events where next_attempt_time is not null');
  };
  await expect.poll(waiting, { timeout: 30_000, interval: 5 }).toEqual([]);
  return broke();
}

async function finalOf(ledger: TestLedger, name: string): Promise<unknown> {
  const [row] = await ledger.rows<{ final: unknown }>(
    `select final from (${FINAL_ROWS}) as each where intent = $1`,
    [`pi_${name}`],
  );
  const reported = await ledger.rows('select state::text from reported where intent = $1 order by id', [
    `pi_${name}`,
  ]);
  return { ...row, reported };
}

// Together, and one by one: in the second case every event meets every crash.
const WAYS: [string, (events: StoryEvent[]) => StoryEvent[][]][] = [
  ['seven events in one batch', (events) => [events]],
  ['seven events one after the other', (events) => events.map((each) => [each])],
];

it.each(WAYS)(
  'has the final state of an undisturbed run when the worker dies after any statement: %s',
  { timeout: 120_000 },
  async (_, batchesOf) => {
    await using ledger = await openTestLedger();
    await ledger.rows('create table reported (id serial, intent text, state jsonb)');
    const work = async (name: string, statements: number) => {
      let crashes = 0;
      for (const batch of batchesOf(refundedAndDisputed({ name }))) {
        await ledger.store(batch);
        if (await workWithCrash(ledger, statements)) crashes += 1;
      }
      return crashes;
    };
    await work('calm', Number.POSITIVE_INFINITY);
    const calm = await finalOf(ledger, 'calm');
    expect(calm).toMatchObject({
      final: { state: 'PARTIALLY_REFUNDED', refunded: 499, dispute_state: 'LOST' },
    });
    let statements = 1;
    for (; (await work(`after${statements}`, statements)) > 0; statements += 1)
      expect(await finalOf(ledger, `after${statements}`)).toEqual(calm);
    // Fewer statements would mean that the crashes missed their targets.
    expect(statements).toBeGreaterThan(10);
    expect(await ledger.rows(`select distinct state, attempts from stripe_events`)).toEqual([
      { state: 'applied', attempts: 1 },
    ]);
  },
);
