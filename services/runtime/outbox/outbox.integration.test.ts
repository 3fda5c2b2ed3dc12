import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addJobs, OutboxRefusedError, OutboxUnreachableError } from './job.ts';
import { createOutboxUnderTest, type OutboxUnderTest, waitFor } from './outbox.test-support.ts';

let box: OutboxUnderTest;
beforeEach(async () => {
  box = await createOutboxUnderTest();
});
afterEach(() => box[Symbol.asyncDispose]());

const send = (n: number) => ({ task: 'send', payload: { n } });
const byName = (readings: readonly { name: string; value: number }[], name: string) =>
  readings.filter((each) => each.name === `rollcall_outbox_${name}`).map(({ value }) => value);

/** Tasks that record their payloads. */
function recording() {
  const sent: number[] = [];
  return { sent, send: async (payload: unknown) => void sent.push((payload as { n: number }).n) };
}

describe('a job', () => {
  it('runs when its transaction commits, and never otherwise', async () => {
    const { sent, send: task } = recording();
    await using _outbox = await box.start({ send: task });
    const client = await box.pool.connect();
    const run = (text: string, values: unknown[]) => client.query(text, values);
    await client.query('begin');
    await addJobs(run, [send(1)]);
    await client.query('rollback');
    await client.query('begin');
    await addJobs(run, [send(2), send(3)]);
    await client.query('commit');
    client.release();
    await waitFor(async () => (await box.count()) === 0);
    expect(sent.sort()).toEqual([2, 3]);
  });

  it('waits for its time', async () => {
    const { sent, send: task } = recording();
    await box.add({ ...send(1), runAt: new Date(Date.now() + 3_600_000) }, send(2));
    await using _outbox = await box.start({ send: task });
    await waitFor(async () => (await box.count()) === 1);
    expect(sent).toEqual([2]);
  });

  it('B8: does not wait for a time before the clock went back, unless its caller named that time', async () => {
    const { sent, send: task } = recording();
    await box.add(send(1), send(2), { ...send(3), runAt: new Date(Date.now() + 3_600_000) });
    await box.pool.query(`update graphile_worker._private_jobs set run_at = run_at + interval '1 day',
      created_at = created_at + interval '1 day', updated_at = updated_at + interval '1 day'`);
    // As a job that failed before, and is to be retried in a moment.
    await box.pool.query(`update graphile_worker._private_jobs set attempts = 1, last_error = 'failed',
      run_at = run_at + interval '10 milliseconds' where payload ->> 'n' = '2'`);
    await using _outbox = await box.start({ send: task });
    await waitFor(async () => (await box.count()) === 1);
    expect(sent.sort()).toEqual([1, 2]);
  });

  it('replaces a waiting job of its task and key', async () => {
    const { sent, send: task } = recording();
    await box.add({ ...send(1), key: 'ana' }, { ...send(2), key: 'ben' });
    await box.add({ ...send(3), key: 'ana' }, { task: 'other', payload: {}, key: 'ana' });
    await using _outbox = await box.start({ send: task });
    await waitFor(async () => (await box.count()) === 1);
    expect(sent.sort()).toEqual([2, 3]);
  });

  it('does not replace a running job: later changes are processed afterwards', async () => {
    const sent: number[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    await box.add({ ...send(1), key: 'ana' });
    await using _outbox = await box.start({
      send: async (payload) => {
        sent.push((payload as { n: number }).n);
        if (sent.length === 1) await gate;
      },
    });
    await waitFor(() => sent.length === 1);
    await box.add({ ...send(2), key: 'ana' });
    await waitFor(() => sent.length === 2);
    open();
    await waitFor(async () => (await box.count()) === 0);
    expect(sent).toEqual([1, 2]);
  });

  it('is not counted as dead when it failed after it was replaced', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const sent: number[] = [];
    await box.add({ ...send(1), key: 'ana' });
    await using outbox = await box.start({
      send: async (payload) => {
        sent.push((payload as { n: number }).n);
        if (sent.length > 1) return;
        await gate;
        throw new Error('too late');
      },
    });
    await waitFor(() => sent.length === 1);
    await box.add({ ...send(2), key: 'ana' });
    open();
    await waitFor(async () => (await box.count()) === 0);
    expect([sent, await outbox.listDead()]).toEqual([[1, 2], []]);
  });

  it('exists although a worker took the job of its key at the same moment, which may have read too early', async () => {
    await box.add({ ...send(1), key: 'ana' });
    const worker = await box.pool.connect();
    await worker.query('begin');
    await worker.query(
      `update graphile_worker._private_jobs set locked_at = now(), locked_by = 'w', attempts = attempts + 1`,
    );
    const added = box.add({ ...send(2), key: 'ana' });
    // It sees the job as free, and then waits for the worker that takes it.
    const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    await waitFor(async () => (await box.pool.query(waits)).rowCount === 1);
    await worker.query('commit');
    worker.release();
    await added;
    const { rows } = await box.pool.query(
      'select key, locked_by as "by" from graphile_worker.jobs order by id',
    );
    expect(rows).toEqual([
      { key: null, by: 'w' },
      { key: 'send:ana', by: null },
    ]);
  });

  it('is never lost among jobs of its key that are added and run at the same time', async () => {
    // The value of a key, changed in the transaction that adds the job, and the value that the task read
    // last.
    await box.pool.query('create table counter (id int primary key, n int not null)');
    await box.pool.query('insert into counter values (1, 0)');
    let seen = 0;
    await using _outbox = await box.start(
      {
        send: async () => {
          const { rows } = await box.pool.query<{ n: number }>('select n from counter');
          seen = Math.max(seen, rows[0]?.n ?? 0);
        },
      },
      { pollMs: 1 },
    );
    const change = async () => {
      const client = await box.pool.connect();
      await client.query('begin');
      await client.query('update counter set n = n + 1');
      await addJobs((text, values) => client.query(text, values), [{ ...send(0), key: 'counter' }]);
      await client.query('commit');
      client.release();
    };
    for (let round = 0; round < 100; round++) await Promise.all([change(), change()]);
    await waitFor(async () => (await box.count()) === 0);
    expect(seen).toBe(200);
  });
});

describe('a job that fails', () => {
  it('is retried, with the number of its attempt', async () => {
    const attempts: [number, boolean][] = [];
    await box.add({ ...send(1), maxAttempts: 2 });
    await using outbox = await box.start({
      send: async (_payload, { attempt, isLast }) => {
        attempts.push([attempt, isLast]);
        if (!isLast) throw new Error('not yet');
      },
    });
    await waitFor(async () => (await box.count()) === 0);
    expect(attempts).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(await outbox.listDead()).toEqual([]);
  });

  it('is dead after its last attempt, visible in metrics, list and log, and retried by hand', async () => {
    let isMended = false;
    await box.add({ ...send(7), maxAttempts: 1 }, send(8));
    await using outbox = await box.start({
      send: async (payload) => {
        if ((payload as { n: number }).n === 7 && !isMended) throw new Error('poison');
      },
    });
    await waitFor(() => byName(outbox.readings(), 'dead').includes(1));
    const [dead, ...others] = await outbox.listDead();
    expect(others).toEqual([]);
    expect(dead).toMatchObject({ task: 'send', attempts: 1, error: 'Error: poison' });
    expect(box.lines).toContainEqual(
      expect.objectContaining({ level: 'error', task: 'send', jobId: dead?.id, attempt: 1 }),
    );
    isMended = true;
    expect(await outbox.retryDead([dead?.id ?? ''])).toBe(1);
    await waitFor(async () => (await box.count()) === 0);
    await waitFor(() => !byName(outbox.readings(), 'dead').includes(1));
  });

  it('is dead at once when it is refused', async () => {
    await box.add(send(1));
    let calls = 0;
    await using outbox = await box.start({
      send: () => {
        calls++;
        return Promise.reject(new OutboxRefusedError('no such user'));
      },
    });
    await waitFor(async () => (await outbox.listDead()).length === 1);
    expect(calls).toBe(1);
    expect(await outbox.retryDead()).toBe(1);
    await waitFor(() => calls === 2);
  });

  it('gives its key away when dead, and is deleted once a newer job exists', async () => {
    await box.add({ ...send(1), key: 'ana', maxAttempts: 1 });
    const { sent, send: record } = recording();
    await using outbox = await box.start({
      send: async (payload) => {
        await record(payload);
        if (sent.length === 1) throw new Error('poison');
      },
    });
    await waitFor(async () => (await outbox.listDead()).length === 1);
    await box.add({ ...send(2), key: 'ana' });
    await waitFor(async () => (await box.count()) === 0);
    expect(sent).toEqual([1, 2]);
  });

  it('ends at its timeout, although it ignores its signal', async () => {
    await box.add({ ...send(1), maxAttempts: 1 });
    await using outbox = await box.start({ send: () => new Promise(() => {}) }, { jobTimeoutMs: 50 });
    await waitFor(async () => (await outbox.listDead()).length === 1);
  });
});

describe('while the target of a task cannot be reached', () => {
  it('its jobs wait without using up attempts, others run, and all are done afterwards', async () => {
    let isAway = true;
    const attempts: number[] = [];
    const { sent, send: other } = recording();
    await box.add(...Array.from({ length: 50 }, (_, n) => ({ ...send(n), maxAttempts: 1 })));
    await using outbox = await box.start({
      send: async (_payload, { attempt }) => {
        attempts.push(attempt);
        if (isAway) throw new OutboxUnreachableError('nobody there');
      },
      other,
    });
    await waitFor(() => byName(outbox.readings(), 'paused').includes(1));
    await box.add({ task: 'other', payload: { n: 1 } });
    await waitFor(() => sent.length === 1);
    await waitFor(() => attempts.length >= 6);
    expect(await outbox.listDead()).toEqual([]);
    // Only so many were tried: the rest was paused.
    expect(attempts.length).toBeLessThan(20);
    isAway = false;
    await waitFor(async () => (await box.count()) === 0);
    expect(new Set(attempts)).toEqual(new Set([1]));
  });
});

describe('an outbox', () => {
  it('logs no payload', async () => {
    const secret = 'Erika Mustermann';
    await box.add({ task: 'send', payload: { name: secret }, maxAttempts: 1 });
    await box.add({ task: 'other', payload: { name: secret } });
    await using outbox = await box.start({
      send: () => Promise.reject(new Error('no')),
      other: async () => {},
    });
    await waitFor(async () => (await outbox.listDead()).length === 1 && (await box.count()) === 1);
    expect(JSON.stringify(box.lines)).not.toContain(secret);
  });

  it('waits for running jobs when it ends', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    await box.add(send(1));
    const outbox = await box.start({
      send: async () => {
        begin();
        await gate;
      },
    });
    await begun;
    const ended = outbox[Symbol.asyncDispose]();
    open();
    await ended;
    expect(await box.count()).toBe(0);
  });

  it('returns what it cannot finish in time, for the next process to run at once', async () => {
    await box.add({ ...send(1), maxAttempts: 1 });
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const outbox = await box.start({ send: () => new Promise(() => begin()) }, { drainMs: 10 });
    await begun;
    await outbox[Symbol.asyncDispose]();
    const { sent, send: task } = recording();
    await using _next = await box.start({ send: task }, { maintenanceMs: 60_000 });
    await waitFor(() => sent.length === 1);
  });

  it('continues after its connections are cut, with the running job as well', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const sent: number[] = [];
    await box.add(send(1));
    await using _outbox = await box.start({
      send: async (payload) => {
        sent.push((payload as { n: number }).n);
        if (sent.length === 1) await gate;
      },
    });
    await waitFor(() => sent.length === 1);
    for (let round = 0; round < 5; round++) {
      await box.pool
        .query(
          `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
        )
        .catch(() => {});
      if (round === 2) open();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await box.add(send(2));
    await waitFor(async () => (await box.count()) === 0);
    expect(sent).toContain(2);
  });

  it('shares its jobs with other processes, and each runs once', async () => {
    const { sent, send: task } = recording();
    await box.add(...Array.from({ length: 200 }, (_, n) => send(n)));
    await using _one = await box.start({ send: task });
    await using _two = await box.start({ send: task });
    await waitFor(async () => (await box.count()) === 0);
    expect(sent.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });
});

it('does not start on a database without an outbox, and names the cure', async () => {
  await box.pool.query('drop schema outbox cascade');
  await expect(box.start({ send: async () => {} })).rejects.toThrow('run npm run migrate');
});
