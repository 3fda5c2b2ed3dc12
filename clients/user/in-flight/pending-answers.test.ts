import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineTimers } from './deadline-timers.ts';
import { PendingAnswers } from './pending-answers.ts';

describe('PendingAnswers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('leaves no timer where the signal throws', () => {
    const deadlines = new DeadlineTimers(() => performance.now());
    const { signal } = new AbortController();
    signal.addEventListener = () => {
      throw new Error('no listeners');
    };
    const gather = () => new PendingAnswers([undefined], { deadlineAtMs: 1_000, signal }, { deadlines });
    expect(gather).toThrow('no listeners');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves its deadline where the signal has aborted', async () => {
    const deadlines = new DeadlineTimers(() => performance.now());
    const { answers } = new PendingAnswers(
      [undefined],
      { deadlineAtMs: 1_000, signal: AbortSignal.abort('enough') },
      { deadlines },
    );
    await expect(answers).rejects.toMatchObject({ reason: 'canceled', cause: 'enough' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
