import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;
/** How long all loads may fail. Milliseconds. A killed database is back sooner. Our own choice. */
const MAX_OUTAGE_MS = 120_000;

/** Transient codes: a service or its database restarts or is overloaded. */
const PASSING: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Aborted,
]);

/** Runs a part of the load, and repeats it after transient failures. It must be idempotent. */
export type RetryLoad = <T>(load: () => Promise<T>) => Promise<T>;

export interface RetryLoadOptions {
  /** Called once for each outage, with the reason. */
  readonly onWait: (reason: string) => void;
  readonly signal: AbortSignal;
  /** How long all loads may fail. Milliseconds. @defaultValue 120000 */
  readonly maxOutageMs?: number;
}

/**
 * Creates a function that repeats loads with growing pauses while a service is unavailable, until none has
 * succeeded for `maxOutageMs`. Rejects with the last error, or the signal's reason.
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
