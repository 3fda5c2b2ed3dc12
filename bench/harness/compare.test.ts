import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';

const contestant = (name: string, figures: readonly number[]) => ({
  name,
  measure: async (round: number) => figures[round] as number,
});

describe('a comparison', () => {
  it('takes the peer with the highest median, not the one with the luckiest round', async () => {
    const measured = await compare({
      ours: contestant('ours', [0, 5, 6, 7]),
      peers: [contestant('steady', [0, 3, 3, 3]), contestant('lucky', [0, 1, 1, 100])],
      unit: 'gets/s',
      target: { of: 'ratio', bound: 'at least', figure: 1.5 },
      rounds: 3,
    });
    expect(measured.value).toEqual({ median: 6, min: 5, max: 7, rounds: 3 });
    expect(measured.peer).toEqual({ name: 'steady', value: { median: 3, min: 3, max: 3, rounds: 3 } });
    expect(measured.notes).toEqual(['peers: steady 3, lucky 1']);
  });
});
