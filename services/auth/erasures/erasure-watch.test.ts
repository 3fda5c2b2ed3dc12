import { createLogger } from '@rollcall/runtime';
import { describe, expect, it } from 'vitest';
import { watchErasures } from './erasure-watch.ts';

describe('watchErasures', () => {
  it('erased-elsewhere: counts what each service has not reported in time, and logs when that begins and ends', async () => {
    const lines: { level: string; consumer?: string }[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    const logger = createLogger({ service: 'test', level: 'info' }, { write });
    let late = new Map([['billing', 2]]);
    const askedBefore: Date[] = [];
    const erasures = {
      async countAwaited(_consumers: readonly string[], before: Date) {
        askedBefore.push(before);
        return late;
      },
    };
    const consumers = ['booking', 'billing'];
    await using watch = watchErasures(erasures, { consumers, reportHours: 2, logger, pollMs: 5 });
    const values = () => watch.readMetrics().map(({ labels, value }) => [labels.consumer, value]);
    await expect.poll(values).toEqual([
      ['booking', 0],
      ['billing', 2],
    ]);
    expect(Date.now() - Number(askedBefore[0])).toBeGreaterThanOrEqual(7_200_000);
    await expect.poll(() => askedBefore.length).toBeGreaterThan(3);
    late = new Map();
    await expect.poll(values).toEqual([
      ['booking', 0],
      ['billing', 0],
    ]);
    expect(lines.map(({ level, consumer }) => [level, consumer])).toEqual([
      ['warn', 'billing'],
      ['info', 'billing'],
    ]);
  });
});
