import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutboxUnderTest, type OutboxUnderTest } from './outbox.test-support.ts';
import { settleJob } from './run-job.ts';

let box: OutboxUnderTest;
let id: string;

beforeEach(async () => {
  box = await createOutboxUnderTest();
  await box.add({ task: 'send', payload: {} });
  const { rows } = await box.pool.query(
    `update graphile_worker._private_jobs set locked_by = 'theirs', locked_at = now(), attempts = 1
     returning id::text`,
  );
  id = rows[0].id;
});
afterEach(() => box[Symbol.asyncDispose]());

const settle = (worker: string, next: 'later' | 'again' | 'dead') =>
  settleJob(box.pool, { id, worker }, { next, delayMs: 60_000, error: 'failed' });

async function jobs() {
  const { rows } = await box.pool.query(
    `select locked_by as "lockedBy", attempts, last_error as error, run_at > now() as waits
     from graphile_worker._private_jobs order by id`,
  );
  return rows;
}

const HELD = { lockedBy: 'theirs', attempts: 1, error: null, waits: false };
const markAsReplaced = (flags: string) =>
  box.pool.query('update graphile_worker._private_jobs set key = null, flags = $1', [flags]);

describe('T1: a job that failed', () => {
  it.each([
    ['later', 1],
    ['again', 0],
    ['dead', 12],
  ] as const)('is unlocked by its worker, %s', async (fate, attempts) => {
    await settle('theirs', fate);
    expect(await jobs()).toEqual([{ lockedBy: null, attempts, error: 'failed', waits: true }]);
  });

  it.each(['later', 'again', 'dead'] as const)(
    'is left alone by a worker that held it before, %s',
    async (fate) => {
      await settle('ours', fate);
      expect(await jobs()).toEqual([HELD]);
    },
  );

  it('is deleted when it was replaced while its worker had it', async () => {
    await markAsReplaced('{"keyed": true}');
    await settle('theirs', 'later');
    expect(await jobs()).toEqual([]);
  });

  it('stays when it was replaced, for the worker that holds it now', async () => {
    await markAsReplaced('{"keyed": true}');
    await settle('ours', 'later');
    expect(await jobs()).toEqual([HELD]);
  });

  it('leaves other jobs of its worker alone', async () => {
    await box.add({ task: 'send', payload: {} });
    await box.pool.query(
      `update graphile_worker._private_jobs set locked_by = 'theirs', locked_at = now(), attempts = 1`,
    );
    await settle('theirs', 'later');
    expect(await jobs()).toMatchObject([{ lockedBy: null }, HELD]);
  });
});
