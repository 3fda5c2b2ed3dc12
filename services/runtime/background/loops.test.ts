import { describe, expect, it } from 'vitest';
import { poll } from './loops.ts';

describe('poll', () => {
  it('reports a fault that lasts once, and again when it returns', async () => {
    const reported: string[] = [];
    let looks = 0;
    let fault: string | undefined = 'away';
    const check = async () => {
      looks += 1;
      if (fault !== undefined) throw new Error(fault);
    };
    const stop = poll(check, { pollMs: 1, onError: (error) => reported.push((error as Error).message) });
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
    expect(reported).toEqual(['away', 'away']);
    expect(looks).toBe(then);
  });
});
