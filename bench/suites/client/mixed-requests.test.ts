import { describe, expect, it } from 'vitest';
import { createRandom, createZipf } from './mixed-requests.ts';

describe('draws by the law of Zipf', () => {
  it('are equal for equal seeds and differ for different ones', () => {
    const draws = (seed: number) => {
      const draw = createZipf(1000, 1.2, createRandom(seed));
      return Array.from({ length: 20 }, draw);
    };
    expect(draws(1)).toEqual(draws(1));
    expect(draws(1)).not.toEqual(draws(2));
  });

  it('give each rank as often as the law says', () => {
    const draw = createZipf(3, 1, createRandom(7));
    const counts = [0, 0, 0];
    for (let i = 0; i < 110_000; i++) {
      const rank = draw();
      counts[rank] = (counts[rank] as number) + 1;
    }
    // 1 + 1/2 + 1/3 = 11/6: the shares are 6/11, 3/11 and 2/11.
    const [first = 0, second = 0, third = 0] = counts;
    expect(first + second + third).toBe(110_000);
    expect(Math.abs(first - 60_000)).toBeLessThan(1_500);
    expect(Math.abs(second - 30_000)).toBeLessThan(1_500);
  });
});
