import { setTimeout as sleep } from 'node:timers/promises';
import { holdMark } from './worker-heartbeat.ts';
import { startWorkerRun, type WorkerRun, type WorkerRunOptions } from './worker-run.ts';

const RESTART_MS = 1000;

/** How it ends. */
export interface Ending {
  /** Aborted at once: no more jobs are looked for. */
  readonly stopping: AbortController;
  /** Aborted once jobs at work have had their time. */
  readonly overdue: AbortController;
  /** That time, in ms. */
  readonly drainMs: number;
}

/**
 * Has graphile-worker run, marked as alive, and starts it again where it ended by itself, as it does when the database goes
 * away at the wrong moment. Rejects where it cannot even start. Disposing it waits for the jobs at work.
 */
export async function keepRunning(options: WorkerRunOptions, ending: Ending): Promise<AsyncDisposable> {
  const { stopping } = ending;
  let run = await startWorkerRun(options);
  const work = async () => {
    for (;;) {
      const error = await whileMarked(options, run);
      if (stopping.signal.aborted) return;
      options.logger.error({ error }, 'the outbox ended by itself, and is started again');
      const next = await startAgain(options, stopping.signal);
      if (!next) return;
      run = next;
    }
  };
  const working = work();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const timer = setTimeout(() => ending.overdue.abort(), ending.drainMs);
      await run.stop();
      await working;
      clearTimeout(timer);
    },
  };
}

async function whileMarked({ pool }: WorkerRunOptions, run: WorkerRun): Promise<unknown> {
  await using _mark = holdMark(pool, run.holder);
  return await run.ended;
}

/** Undefined: it is not wanted any more. */
async function startAgain(options: WorkerRunOptions, stopping: AbortSignal): Promise<WorkerRun | undefined> {
  while (!stopping.aborted) {
    await sleep(RESTART_MS, undefined, { signal: stopping }).catch(() => {});
    const run = stopping.aborted ? undefined : await startWorkerRun(options).catch(() => undefined);
    if (run && stopping.aborted) await run.stop();
    else if (run) return run;
  }
  return undefined;
}
