import { describe, expect, it } from 'vitest';
import { poll } from './loops.ts';

describe('poll', () => {
  it('reports a fault that lasts once, and again when it returns', async () => {
    const told: string[] = [];
    let looks = 0;
    let fault: string | undefined = 'away';
    const look = async () => {
      looks += 1;
      if (fault !== undefined) throw new Error(fault);
    };
    const stop = poll(look, { pollMs: 1, onError: (error) => told.push((error as Error).message) });
    const more = async () => {
      const before = looks;
      await expect.poll(() => looks).toBeGreaterThan(before + 3);
    };
    await more();
    fault = undefined;
    await more();
    fault = 'away';
    await more();
    stop();
    const then = looks;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual(['away', 'away']);
    expect(looks).toBe(then);
  });
});
