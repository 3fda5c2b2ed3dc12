import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createOutboxUnderTest, type OutboxUnderTest, waitFor } from './outbox.test-support.ts';

const HANGING = fileURLToPath(new URL('./hanging-worker.test-support.ts', import.meta.url));

let box: OutboxUnderTest;
beforeEach(async () => {
  box = await createOutboxUnderTest();
});
afterEach(() => box[Symbol.asyncDispose]());

it('runs the job of a killed worker within seconds, and leaves the jobs of live workers alone', async () => {
  await box.add({ task: 'send', payload: { n: 1 } });
  const child = spawn(process.execPath, [HANGING], {
    env: { ...process.env, OUTBOX_URL: box.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  using _ended = { [Symbol.dispose]: () => child.kill('SIGKILL') };
  // Printed once it has the job.
  await once(child.stdout, 'data');
  const sent: number[] = [];
  await using _outbox = await box.start({
    send: async (payload) => void sent.push((payload as { n: number }).n),
  });
  // Long enough for a live worker to be mistaken for a lost one.
  await box.pool.query(`update graphile_worker._private_jobs set locked_at = now() - interval '1 minute'`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(sent).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await waitFor(() => sent.length === 1);
  expect(box.lines).toContainEqual(expect.objectContaining({ level: 'warn', jobs: 1 }));
});
