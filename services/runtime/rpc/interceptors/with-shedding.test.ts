import { Writable } from 'node:stream';
import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../log/logger.ts';
import type { Call } from '../call.ts';
import type { RpcError } from '../errors.ts';
import { type CallClass, createLoadGauge, SHED_FROM, withShedding } from './with-shedding.ts';

const CALL = {} as Call;

describe('shedding', () => {
  it('refuses searches first, then writes, then wide reads, and reads of references last', async () => {
    const servedAt = async (load: number) => {
      const kinds = Object.keys(SHED_FROM) as CallClass[];
      const outcomes = await Promise.all(
        kinds.map((kind) =>
          serve({ load, kind }).then(
            () => [kind],
            () => [],
          ),
        ),
      );
      return outcomes.flat();
    };
    expect(await servedAt(0.4)).toEqual(['search', 'write', 'wideRead', 'read']);
    expect(await servedAt(0.6)).toEqual(['write', 'wideRead', 'read']);
    expect(await servedAt(0.8)).toEqual(['wideRead', 'read']);
    expect(await servedAt(0.9)).toEqual(['read']);
    expect(await servedAt(1)).toEqual([]);
  });

  it('says that a retry is safe, and when', async () => {
    const error: RpcError = await serve({ load: 1, kind: 'read' }).then(
      () => expect.fail('it was served'),
      (reason) => reason,
    );
    expect(error).toMatchObject({ code: Code.Unavailable, reason: 'OVERLOADED' });
    expect(error.options.retryDelayMs).toBeGreaterThan(0);
  });

  it('serves calls without a class, such as health, at any load', async () => {
    await expect(serve({ load: 100, kind: undefined })).resolves.toBeUndefined();
  });

  it('counts a call until its end, whether it succeeds or fails', async () => {
    const gauge = gaugeAt(0);
    const { promise, resolve } = Promise.withResolvers<void>();
    const shed = withShedding({ gauge, classOf: () => 'read' });
    const open = shed(() => promise, CALL.method)(CALL);
    expect(gauge.open).toBe(1);
    resolve();
    await open;
    expect(gauge.open).toBe(0);
    await expect(shed(() => Promise.reject(new Error('failed')), CALL.method)(CALL)).rejects.toThrow(
      'failed',
    );
    expect(gauge.open).toBe(0);
  });
});

async function serve({ load, kind }: { load: number; kind: CallClass | undefined }): Promise<void> {
  await withShedding({ gauge: gaugeAt(load), classOf: () => kind })(async () => {}, CALL.method)(CALL);
}

function gaugeAt(load: number) {
  const gauge = {
    load,
    open: 0,
    shedCount: 0,
    shed: () => {},
    begin() {
      gauge.open++;
      return () => {
        gauge.open--;
      };
    },
    [Symbol.dispose]: () => {},
  };
  return gauge;
}

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
