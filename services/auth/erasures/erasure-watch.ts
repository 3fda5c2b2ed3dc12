import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@rollcall/runtime';
import type { MetricReading } from '@rollcall/runtime/rpc';
import type { Erasures } from './erasures.ts';

export interface ErasureWatchOptions {
  /** Services that are expected to report each erasure. */
  readonly consumers: readonly string[];
  /** How long a service may take until its report is overdue. Hours. */
  readonly reportHours: number;
  readonly logger: Logger;
  /** How often erasures are counted. Milliseconds. Default 60000. */
  readonly pollMs?: number;
}

/** Counts the erasures that services have not reported in time. Disposing it stops. */
export interface ErasureWatch extends AsyncDisposable {
  /** Readings of `rollcall_erasures_overdue`. */
  readMetrics(): MetricReading[];
}

const HOUR_MS = 3_600_000;

/**
 * Counts overdue erasures again and again. Logs a warning when a service falls behind, and a line when it has
 * caught up.
 */
export function watchErasures(
  erasures: Pick<Erasures, 'countAwaited'>,
  { consumers, reportHours, logger, pollMs: everyMs = 60_000 }: ErasureWatchOptions,
): ErasureWatch {
  const ending = new AbortController();
  let overdue = new Map(consumers.map((consumer) => [consumer, 0]));
  const count = async () => {
    const counted = await erasures.countAwaited(consumers, new Date(Date.now() - reportHours * HOUR_MS));
    const before = overdue;
    overdue = new Map(consumers.map((consumer) => [consumer, counted.get(consumer) ?? 0]));
    for (const [consumer, count] of overdue) {
      const wasLate = (before.get(consumer) ?? 0) > 0;
      const late = { consumer, erasures: count, reportHours };
      if (count > 0 && !wasLate) logger.warn(late, 'a service has not reported erasures in time');
      if (count === 0 && wasLate) logger.info({ consumer }, 'a service has reported all erasures again');
    }
  };
  const watch = async () => {
    while (!ending.signal.aborted) {
      await count().catch((error: unknown) => logger.warn({ error }, 'erasures cannot be counted'));
      await sleep(everyMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const watching = watch();
  return {
    readMetrics: () => [...overdue].map(([consumer, value]) => toReading(consumer, value)),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await watching;
    },
  };
}

function toReading(consumer: string, value: number): MetricReading {
  return {
    name: 'rollcall_erasures_overdue',
    help: 'Erased users whose data a service has not reported as cleared in time.',
    type: 'gauge',
    labels: { consumer },
    value,
  };
}
