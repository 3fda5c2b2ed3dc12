import { describe, expect, it } from 'vitest';
import { interleave } from './compare.ts';

const AMPLE_MS = 60_000;

describe('contestants', () => {
  it('take turns within every round, warm-ups included', async () => {
    const played: string[] = [];
    const contestant = (name: string) => ({
      name,
      measure: async (round: number) => {
        await Promise.resolve();
        played.push(`${name}${round}`);
        return round;
      },
    });
    await interleave([contestant('A'), contestant('B')], { rounds: 2, warmUps: 1, budgetMs: AMPLE_MS });
    expect(played).toEqual(['A0', 'B0', 'A1', 'B1', 'A2', 'B2']);
  });

  it('have figures of the rounds after the warm-ups only', async () => {
    const one = { name: 'one', measure: async (round: number) => round * 10 };
    const figures = await interleave([one], { rounds: 3, warmUps: 2, budgetMs: AMPLE_MS });
    expect(figures.get('one')).toEqual([20, 30, 40]);
  });

  it('stop after a whole round when the time is up, but not before one with figures', async () => {
    const one = { name: 'one', measure: async (round: number) => round };
    const figures = await interleave([one], { rounds: 5, warmUps: 2, budgetMs: 0 });
    expect(figures.get('one')).toEqual([2]);
  });

  it('fail the comparison when one of them fails', async () => {
    const failing = { name: 'failing', measure: () => Promise.reject(new Error('wrong answer')) };
    await expect(interleave([failing], { rounds: 1, warmUps: 0, budgetMs: AMPLE_MS })).rejects.toThrow(
      'wrong answer',
    );
  });
});
