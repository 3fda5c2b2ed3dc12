import type { Pool } from '@rollcall/runtime/postgres';
import type pg from 'pg';
import { expect, it } from 'vitest';
import { refundedAndDisputed, type StoryEvent } from '../../testing/stripe-story.ts';
import { FINAL_ROWS, openTestLedger, type TestLedger } from '../../testing/test-ledger.ts';
import { applyDue } from './applier.ts';
import type { OnChanges } from './payment-change.ts';

/** A pool whose connections break once this many statements were answered through it. */
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

// What is told to others is written where it can be counted.
const tell: OnChanges = async (run, changes) => {
  const statement = { name: 'tell', text: 'insert into told (intent, state) values ($1, $2)' };
  for (const { intent, current: now } of changes) await run(statement, [intent, JSON.stringify(now)]);
};

/** Applies what is there; a worker that dies after some statements, then another one. Answers whether the first one died. */
async function workWithCrash(ledger: TestLedger, statements: number): Promise<boolean> {
  const { logger } = ledger;
  const { pool, broke } = breakingAfter(ledger.pool, statements);
  await applyDue({ pool, logger, onChanges: tell }).catch((error: Error) => {
    expect(error.message).toMatch(/terminated|not queryable|connection error/i);
  });
  // What the dead worker had locked is free once the database has noticed.
  const waiting = async () => {
    await applyDue({ pool: ledger.pool, logger, onChanges: tell });
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
  const told = await ledger.rows('select state::text from told where intent = $1 order by id', [
    `pi_${name}`,
  ]);
  return { ...row, told };
}

// Together, and one by one: in the second case every event meets every crash.
const WAYS: [string, (events: StoryEvent[]) => StoryEvent[][]][] = [
  ['seven events in one batch', (events) => [events]],
  ['seven events one after the other', (events) => events.map((each) => [each])],
];

it.each(WAYS)(
  'ends as if nothing had happened where the worker dies after any statement: %s',
  { timeout: 120_000 },
  async (_, batchesOf) => {
    await using ledger = await openTestLedger();
    await ledger.rows('create table told (id serial, intent text, state jsonb)');
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
    // Fewer would mean that the crashes missed what they were made for.
    expect(statements).toBeGreaterThan(10);
    expect(await ledger.rows(`select distinct state, attempts from stripe_events`)).toEqual([
      { state: 'applied', attempts: 1 },
    ]);
  },
);
