import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createBusyShare } from './compare.ts';

it('tells a waiting thread from a working one', async () => {
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
