import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../log/logger.ts';
import { createLoadGauge } from './load-gauge.ts';

function openGauge(maxCalls: number) {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(line, _, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  const logger = createLogger({ service: 'test', level: 'info' }, destination);
  return { gauge: createLoadGauge({ maxCalls, logger }), lines };
}

/** Blocks the event loop. */
function block(ms: number): void {
  for (const start = performance.now(); performance.now() - start < ms; );
}

describe('the load of a process', () => {
  it('is the share of the allowed calls, while the event loop is on time', () => {
    using gauge = openGauge(100).gauge;
    const ends = Array.from({ length: 25 }, () => gauge.begin());
    expect(gauge.load).toBe(0.25);
    for (const end of ends) end();
    expect(gauge.load).toBe(0);
  });

  it('rises when many calls make the event loop late, and falls when they are done', async () => {
    using gauge = openGauge(10_000).gauge;
    const ends = Array.from({ length: 50 }, () => gauge.begin());
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      block(400);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(gauge.load).toBeGreaterThan(1);
    await expect.poll(() => gauge.load, { timeout: 20_000 }).toBeLessThan(0.5);
    for (const end of ends) end();
  });

  it('ignores a late event loop during few calls', async () => {
    using gauge = openGauge(10_000).gauge;
    gauge.begin();
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      block(200);
    }
    expect(gauge.load).toBe(0.0001);
  });

  it('logs refusals together, at most once a second', async () => {
    const { gauge, lines } = openGauge(1);
    using _ = gauge;
    for (let i = 0; i < 500; i++) gauge.shed();
    await expect.poll(() => lines, { timeout: 10_000 }).toMatchObject([{ calls: 500 }]);
    expect(gauge.shedCount).toBe(500);
  });
});
