import { describe, expect, it } from 'vitest';
import type { TestAnswer, TestTask } from '../../testing/thread-pool-script.ts';
import { createThreadPool } from './thread-pool.ts';

const SCRIPT = new URL('../../testing/thread-pool-script.ts', import.meta.url);

const open = (bounds: { threads: number; maxWaiting: number }) =>
  createThreadPool<TestTask, TestAnswer>({ script: SCRIPT, overloaded: () => new Error('full'), ...bounds });

describe('createThreadPool', () => {
  it('works on as many tasks at once as it has threads, in order, also when a task fails', async () => {
    await using pool = open({ threads: 2, maxWaiting: 10 });
    const tasks = [0, 1, 2, 3, 4, 5].map((n): TestTask => ({ do: n % 2 === 0 ? 'work' : 'fail', n }));
    const settled = await Promise.allSettled(tasks.map((task) => pool.run(task)));
    const done = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(done.map(({ n }) => n)).toEqual([0, 2, 4]);
    const failed = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason.message] : []));
    expect(failed).toEqual(['task 1 failed', 'task 3 failed', 'task 5 failed']);
    const again = await Promise.all(tasks.map(({ n }) => pool.run({ do: 'work', n })));
    expect(new Set(again.map(({ threadId }) => threadId)).size).toBe(2);
  });

  it('refuses a task that would wait behind too many, and takes it when they are done', async () => {
    await using pool = open({ threads: 1, maxWaiting: 3 });
    const runs = [0, 1, 2, 3, 4].map((n) => pool.run({ do: 'work', n }));
    expect(pool.waiting).toBe(3);
    const settled = await Promise.allSettled(runs);
    expect(settled.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), 'rejected']);
    expect(pool.waiting).toBe(0);
    expect(await pool.run({ do: 'work', n: 5 })).toMatchObject({ n: 5 });
  });

  it.each(['end', 'throw'] as const)('goes on in another thread when one ends: %s', async (how) => {
    await using pool = open({ threads: 1, maxWaiting: 10 });
    const ended = pool.run({ do: how, n: 0 });
    const handed = pool.run({ do: 'work', n: 1 });
    const later = pool.run({ do: 'work', n: 2 });
    await expect(ended).rejects.toThrow('The thread ended');
    await expect(handed).rejects.toThrow('The thread ended');
    expect(await later).toMatchObject({ n: 2 });
  });

  it('gives its threads no environment, and rejects waiting tasks when it is closed', async () => {
    const pool = open({ threads: 1, maxWaiting: 10 });
    expect(await pool.run({ do: 'work', n: 0 })).toMatchObject({ environment: [] });
    const runs = [1, 2, 3].map((n) => pool.run({ do: 'work', n }));
    const settled = Promise.allSettled(runs);
    await pool[Symbol.asyncDispose]();
    expect((await settled).at(-1)?.status).toBe('rejected');
    expect(pool.waiting).toBe(0);
  });
});
