import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createBusyShare } from './busy-share.ts';

it('tells a thread that waits from one that works', async () => {
  const waiting = createBusyShare();
  expect(await waiting.during(() => sleep(200, 'done'))).toBe('done');
  const working = createBusyShare();
  await working.during(async () => {
    await sleep(1);
    const end = performance.now() + 200;
    while (performance.now() < end);
    await sleep(1);
  });
  expect(waiting.percent()).toBeLessThan(working.percent());
});
