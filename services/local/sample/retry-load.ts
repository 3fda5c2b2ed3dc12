import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;
/**
 * How long nothing of the sample may come through: a database that was killed is back well within it. Our own
 * choice.
 */
const MAX_OUTAGE_MS = 120_000;

/** What passes by itself: a service or its database starts again, or has too much to do. */
const PASSING: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Aborted,
]);

/** Runs what loads a part of the sample, again where that fails for a time. It must bear being repeated. */
export type RetryLoad = <T>(load: () => Promise<T>) => Promise<T>;

/** How loading is repeated. */
export interface RetryLoadOptions {
  /** Told, once for each time that nothing comes through, why. */
  readonly onWait: (reason: string) => void;
  readonly signal: AbortSignal;
  /** How long nothing may come through. Milliseconds. Default 120000. */
  readonly maxOutageMs?: number;
}

/**
 * Repeats loads that fail because a service is away or slow, with growing pauses, for as long as any load
 * came through within the patience. Rejects with the last error, or the signal's reason.
 */
export function createRetryLoad({
  onWait,
  signal,
  maxOutageMs = MAX_OUTAGE_MS,
}: RetryLoadOptions): RetryLoad {
  let lastDoneAt = performance.now();
  let isWaiting = false;
  return async (load) => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const loaded = await load();
        lastDoneAt = performance.now();
        isWaiting = false;
        return loaded;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ConnectError) || !PASSING.has(error.code)) throw error;
        if (performance.now() - lastDoneAt > maxOutageMs) throw error;
        if (!isWaiting) onWait(error.message);
        isWaiting = true;
        await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  };
}
